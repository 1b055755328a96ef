import type { RandomStream } from '@unseen/core';
import { groupPixels, type Losses, type ScheduledOptimizers, TrainingStep } from '@unseen/nn';
import type { Engine, Feeds, Program } from '@unseen/tensor';
import type { LabelledBatches } from '../batches/labelled-batches.ts';
import { labelledInputs } from './labelled-maps.ts';
import { type LabelledRows, labelledRows, rowCapacities } from './labelled-rows.ts';

/** A batch of labelled maps, full scale first; of images only one. */
export type LabelledBatch = Pick<LabelledBatches, 'inputs' | 'labels'>;

/** A step on labelled maps, for {@link LabelledSteps} to run. */
export interface LabelledStep {
  /** The step for a number of labelled positions at each scale, or for whole maps. */
  program(rows: readonly number[] | undefined): Program;
  /** Labels below this count. */
  readonly classes: number;
  /** Whether the step looks at whole maps only. */
  readonly whole: boolean;
  /** How pixels are grouped for the MMD content loss, if it is used: [groups, samples]. */
  readonly groups?: { readonly by: 'class' | 'run'; readonly size: readonly [number, number] };
  /** Further inputs, drawn by the host. */
  feeds?(random: RandomStream): Feeds;
}

/** Runs steps on labelled maps, each on a graph for about as many labelled positions as its batch has. */
export class LabelledSteps {
  private readonly step: LabelledStep;
  private readonly training: TrainingStep<readonly number[] | undefined>;

  constructor(engine: Engine, step: LabelledStep, optimizers: ScheduledOptimizers) {
    this.step = step;
    this.training = new TrainingStep({ engine, optimizers, program: (rows) => step.program(rows) });
  }

  /** One update of all networks; returns the losses. */
  run(batch: LabelledBatch, iteration: number, random: RandomStream): Promise<Losses> {
    const { classes, whole } = this.step;
    const capacities = whole ? undefined : rowCapacities(batch.labels, classes);
    const rows = capacities?.map((capacity, scale) => labelledRows(batch.labels[scale], classes, capacity));
    return this.training.run(this.feeds(batch, rows, random), { iteration, random }, capacities);
  }

  dispose(): void {
    this.training.dispose();
  }

  private feeds(batch: LabelledBatch, rows: readonly LabelledRows[] | undefined, random: RandomStream): Feeds {
    const { groups, classes } = this.step;
    const feeds: Record<string, Feeds[string]> = {};
    const labels = rows?.map((row) => row.labels) ?? batch.labels;
    batch.inputs.forEach((maps, scale) => {
      feeds[labelledInputs.maps(scale)] = maps;
    });
    labels.forEach((ofScale, scale) => {
      feeds[labelledInputs.labels(scale)] = ofScale;
      if (rows) feeds[labelledInputs.positions(scale)] = rows[scale].positions;
    });
    if (groups) {
      const [maxGroups, maxSamples] = groups.size;
      const grouped = groupPixels(labels[0], { by: groups.by, classes, maxGroups, maxSamples, random });
      feeds.groupPixels = grouped.indices;
      feeds.groupMask = grouped.mask;
    }
    return { ...feeds, ...this.step.feeds?.(random) };
  }
}

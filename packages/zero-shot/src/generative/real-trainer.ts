import type { RandomStream } from '@unseen/core';
import { groupPixels, type Losses } from '@unseen/nn';
import type { Engine, Executable, Feeds, Program } from '@unseen/tensor';
import { applyGradients, type Optimizers, readScalars } from '../optimization.ts';
import { type LabelledRows, labelledRows, rowCapacities } from './labelled-rows.ts';
import { realInputs } from './real-inputs.ts';

/** A batch of stored features, full scale first, or of images. */
export interface FeatureBatch {
  /** [batch · h · w · channels] by scale; of images only one. */
  readonly features: readonly Float32Array[];
  /** Channel of each position, 255 where ignored: [batch · h · w] by scale. */
  readonly labels: readonly Int32Array[];
}

/** What {@link RealTrainer} needs to know of a step on real features. */
export interface RealTrainerOptions {
  /** The step for a number of labelled positions at each scale, or for whole maps. */
  program(rows: readonly number[] | undefined): Program;
  /** Labels below this count. */
  readonly classes: number;
  /** Whether the step looks at whole maps only. */
  readonly whole: boolean;
  /** How pixels are grouped for the MMD content loss, where there is one: [groups, samples]. */
  readonly groups?: { readonly by: 'class' | 'run'; readonly size: readonly [number, number] };
  /** Numbers of the host besides these. */
  feeds?(random: RandomStream): Feeds;
}

/** Runs steps on real features, each on a graph for about as many labelled positions as its batch has. */
export class RealTrainer {
  private readonly engine: Engine;
  private readonly options: RealTrainerOptions;
  private readonly executables = new Map<string, Executable>();

  constructor(engine: Engine, options: RealTrainerOptions) {
    this.engine = engine;
    this.options = options;
  }

  /** One update of all networks; returns the losses. */
  async step(batch: FeatureBatch, optimizers: Optimizers, iteration: number, random: RandomStream): Promise<Losses> {
    const { classes, whole } = this.options;
    const capacities = whole ? undefined : rowCapacities(batch.labels, classes);
    const rows = capacities?.map((capacity, scale) => labelledRows(batch.labels[scale], classes, capacity));
    const executable = this.executableFor(capacities);
    const result = executable.run(this.feeds(batch, rows, random), random);
    applyGradients(result, optimizers, iteration);
    return () => readScalars(executable, result);
  }

  dispose(): void {
    for (const executable of this.executables.values()) executable.dispose();
  }

  private executableFor(rows: readonly number[] | undefined): Executable {
    const key = String(rows);
    const known = this.executables.get(key);
    if (known) return known;
    const executable = this.engine.compile(this.options.program(rows));
    this.executables.set(key, executable);
    return executable;
  }

  private feeds(batch: FeatureBatch, rows: readonly LabelledRows[] | undefined, random: RandomStream): Feeds {
    const { groups, classes } = this.options;
    const feeds: Record<string, Feeds[string]> = {};
    const labels = rows?.map((row) => row.labels) ?? batch.labels;
    batch.features.forEach((features, scale) => {
      feeds[realInputs.features(scale)] = features;
    });
    labels.forEach((ofScale, scale) => {
      feeds[realInputs.labels(scale)] = ofScale;
      if (rows) feeds[realInputs.positions(scale)] = rows[scale].positions;
    });
    if (groups) {
      const [maxGroups, maxSamples] = groups.size;
      const grouped = groupPixels(labels[0], { by: groups.by, classes, maxGroups, maxSamples, random });
      feeds.groupPixels = grouped.indices;
      feeds.groupMask = grouped.mask;
    }
    return { ...feeds, ...this.options.feeds?.(random) };
  }
}

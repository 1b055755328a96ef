import type { RandomStream } from '@unseen/core';
import { groupPixels, type Scalars } from '@unseen/nn';
import { drawLabels } from '@unseen/synthesis';
import type { Engine, Executable, Feeds } from '@unseen/tensor';
import { type LabelledRows, labelledRows, rowCapacities } from '../labelled-rows.ts';
import { applyGradients, type Optimizers, readScalars } from '../optimization.ts';
import { type RealStepOptions, realInputs, realStep } from './real-step.ts';
import { type SyntheticStepOptions, syntheticStep } from './synthetic-step.ts';

/** A batch of stored features, full scale first, or of images. */
export interface FeatureBatch {
  /** [batch · h · w · channels] by scale; of images only one. */
  readonly features: readonly Float32Array[];
  /** Channel of each position, 255 where ignored: [batch · h · w] by scale. */
  readonly labels: readonly Int32Array[];
}

/** Runs steps on real features, each on a graph for about as many labelled positions as its batch has. */
export class RealTrainer {
  private readonly engine: Engine;
  private readonly options: RealStepOptions;
  private readonly executables = new Map<string, Executable>();

  constructor(engine: Engine, options: RealStepOptions) {
    this.engine = engine;
    this.options = options;
  }

  /** One update of all networks; returns the losses. */
  async step(batch: FeatureBatch, optimizers: Optimizers, iteration: number, random: RandomStream): Promise<Scalars> {
    const { vectors, choices, images } = this.options;
    // The gradient penalty of WGAN-GP is taken per image, so it needs whole maps. Behind an encoder the rest costs so
    // little that graphs of several sizes, each with the encoder in it, are not worth their memory.
    const isWhole = choices.adversarial === 'wgan-gp' || images !== undefined;
    const capacities = isWhole ? undefined : rowCapacities(batch.labels, vectors.classes);
    const rows = capacities?.map((capacity, scale) => labelledRows(batch.labels[scale], vectors.classes, capacity));
    const executable = this.executableFor(capacities);
    const result = executable.run(this.feeds(batch, rows, random), random);
    applyGradients(result, optimizers, iteration);
    return readScalars(executable, result);
  }

  dispose(): void {
    for (const executable of this.executables.values()) executable.dispose();
  }

  private executableFor(rows: readonly number[] | undefined): Executable {
    const key = String(rows);
    const known = this.executables.get(key);
    if (known) return known;
    const executable = this.engine.compile(realStep({ ...this.options, ...(rows && { rows }) }));
    this.executables.set(key, executable);
    return executable;
  }

  private feeds(batch: FeatureBatch, rows: readonly LabelledRows[] | undefined, random: RandomStream): Feeds {
    const { choices, groups, vectors } = this.options;
    const feeds: Record<string, Float32Array | Int32Array> = {};
    const labels = rows?.map((row) => row.labels) ?? batch.labels;
    batch.features.forEach((features, scale) => {
      feeds[realInputs.features(scale)] = features;
    });
    labels.forEach((ofScale, scale) => {
      feeds[realInputs.labels(scale)] = ofScale;
      if (rows) feeds[realInputs.positions(scale)] = rows[scale].positions;
    });
    if (groups) {
      const [maxGroups, maxSamples] = groups;
      const options = { by: choices.groupBy, classes: vectors.classes, maxGroups, maxSamples, random };
      const grouped = groupPixels(labels[0], options);
      feeds.groupPixels = grouped.indices;
      feeds.groupMask = grouped.mask;
    }
    if (choices.adversarial === 'wgan-gp') {
      feeds.alpha = Float32Array.from({ length: this.options.batch }, () => random.uniform());
    }
    return feeds;
  }
}

/** Runs steps on synthetic features, with labels drawn from a prior. */
export class SyntheticTrainer {
  private readonly executable: Executable;
  private readonly labels: Int32Array;
  private readonly prior: Float64Array;

  constructor(engine: Engine, options: SyntheticStepOptions & { readonly prior: Float64Array }) {
    this.executable = engine.compile(syntheticStep(options));
    this.labels = new Int32Array(options.draws);
    this.prior = options.prior;
  }

  /** One update on new labels; returns the loss. */
  async step(optimizers: Optimizers, iteration: number, random: RandomStream): Promise<Scalars> {
    const result = this.executable.run({ labels: drawLabels(this.labels, this.prior, random) }, random);
    applyGradients(result, optimizers, iteration);
    return readScalars(this.executable, result);
  }

  dispose(): void {
    this.executable.dispose();
  }
}

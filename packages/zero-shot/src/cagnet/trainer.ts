import type { RandomStream } from '@unseen/core';
import { groupPixels, type Scalars } from '@unseen/nn';
import { drawLabels } from '@unseen/synthesis';
import type { Engine, Executable, Feeds } from '@unseen/tensor';
import { applyGradients, type Optimizers, readScalars } from '../optimization.ts';
import { type RealStepOptions, realInputs, realStep } from './real-step.ts';
import { type SyntheticStepOptions, syntheticStep } from './synthetic-step.ts';

/** A batch of stored features, full scale first. */
export interface FeatureBatch {
  /** [batch · h · w · channels] by scale. */
  readonly features: readonly Float32Array[];
  /** Channel of each position, 255 where ignored: [batch · h · w] by scale. */
  readonly labels: readonly Int32Array[];
}

/** Runs steps on real features. */
export class RealTrainer {
  private readonly executable: Executable;
  private readonly options: RealStepOptions;

  constructor(engine: Engine, options: RealStepOptions) {
    this.options = options;
    this.executable = engine.compile(realStep(options));
  }

  /** One update of all networks; returns the losses. */
  async step(batch: FeatureBatch, optimizers: Optimizers, iteration: number, random: RandomStream): Promise<Scalars> {
    const result = this.executable.run(this.feeds(batch, random), random);
    applyGradients(result, optimizers, iteration);
    return readScalars(this.executable, result);
  }

  dispose(): void {
    this.executable.dispose();
  }

  private feeds(batch: FeatureBatch, random: RandomStream): Feeds {
    const { choices, groups, vectors } = this.options;
    const feeds: Record<string, Float32Array | Int32Array> = {};
    batch.features.forEach((features, scale) => {
      feeds[realInputs.features(scale)] = features;
      feeds[realInputs.labels(scale)] = batch.labels[scale];
    });
    if (groups) {
      const [maxGroups, maxSamples] = groups;
      const grouped = groupPixels(batch.labels[0], {
        by: choices.groupBy,
        classes: vectors.classes,
        maxGroups,
        maxSamples,
        random,
      });
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

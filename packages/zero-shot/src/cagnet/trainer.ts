import type { RandomStream } from '@unseen/core';
import { adam, groupPixels, Optimizer, type ParameterGroup, type Schedule, sgd } from '@unseen/nn';
import { drawLabels } from '@unseen/synthesis';
import type { Engine, Executable, Feeds, RunResult } from '@unseen/tensor';
import { rateSchedule } from './rates.ts';
import { realInputs, realStep, type RealStepOptions } from './real-step.ts';
import type { OptimizerSettings } from './settings.ts';
import { type SyntheticStepOptions, syntheticStep } from './synthetic-step.ts';

/** An optimizer with the learning rate of each iteration. */
export interface ScheduledOptimizer {
  readonly optimizer: Optimizer;
  readonly rate: Schedule;
}

/** Makes an optimizer as the settings ask. */
export function scheduledOptimizer(
  engine: Engine,
  settings: OptimizerSettings,
  parameters: ParameterGroup['parameters'],
  iterations: number,
): ScheduledOptimizer {
  const rule = settings.rule === 'adam' ? adam() : sgd({ momentum: 0.9 });
  return {
    optimizer: new Optimizer(engine, rule, [{ parameters, weightDecay: settings.weightDecay }]),
    rate: rateSchedule(settings, iterations),
  };
}

/** Optimizers by the loss whose gradients they apply. */
export type Optimizers = Readonly<Record<string, ScheduledOptimizer>>;

/** Applies every gradient of a run: all were taken before the first update (CG-12). */
export function applyGradients(result: RunResult, optimizers: Optimizers, iteration: number): void {
  for (const [loss, gradients] of Object.entries(result.gradients)) {
    const { optimizer, rate } = optimizers[loss];
    optimizer.step(gradients, rate(iteration));
  }
}

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

  step(batch: FeatureBatch, optimizers: Optimizers, iteration: number, random: RandomStream): RunResult {
    const result = this.executable.run(this.feeds(batch, random), random);
    applyGradients(result, optimizers, iteration);
    return result;
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

  step(optimizers: Optimizers, iteration: number, random: RandomStream): RunResult {
    const result = this.executable.run({ labels: drawLabels(this.labels, this.prior, random) }, random);
    applyGradients(result, optimizers, iteration);
    return result;
  }

  dispose(): void {
    this.executable.dispose();
  }
}

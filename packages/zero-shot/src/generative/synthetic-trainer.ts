import type { RandomStream } from '@unseen/core';
import type { Losses } from '@unseen/nn';
import { drawLabels } from '@unseen/synthesis';
import type { Engine, Executable } from '@unseen/tensor';
import { applyGradients, type Optimizers, readScalars } from '../optimization.ts';
import { type SyntheticStepOptions, syntheticStep } from './synthetic-step.ts';

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
  async step(optimizers: Optimizers, iteration: number, random: RandomStream): Promise<Losses> {
    const result = this.executable.run({ labels: drawLabels(this.labels, this.prior, random) }, random);
    applyGradients(result, optimizers, iteration);
    return () => readScalars(this.executable, result);
  }

  dispose(): void {
    this.executable.dispose();
  }
}

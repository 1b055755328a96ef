import type { SeedTree } from '@unseen/core';
import { Conv2d, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** A Gaussian per pixel and channel, and what was drawn from it; all [n, h, w, channels]. */
export interface LatentCode<V> {
  readonly z: V;
  readonly mu: V;
  readonly logVariance: V;
}

/** Predicts the contextual latent code: μ and log σ² by two convolutions, z = μ + σ⊙ε. */
export class LatentHead extends Module {
  readonly mu: Conv2d;
  readonly logVariance: Conv2d;
  readonly reluLogVariance: boolean;

  constructor(options: { channels: number; kernel: 1 | 3; reluLogVariance: boolean; seeds: SeedTree }) {
    super();
    const { channels, kernel, seeds } = options;
    const shared = { inputs: channels, outputs: channels, kernel, bias: false };
    this.mu = new Conv2d({ ...shared, seeds: seeds.child('mu') });
    this.logVariance = new Conv2d({ ...shared, seeds: seeds.child('logVariance') });
    this.reluLogVariance = options.reluLogVariance;
  }

  /** With `sample` ε ~ N(0, I) is drawn anew at every run, else z = μ. */
  forward<V>(ops: Ops<V>, x: V, sample: boolean): LatentCode<V> {
    const mu = this.mu.forward(ops, x);
    const raw = this.logVariance.forward(ops, x);
    const logVariance = this.reluLogVariance ? ops.relu(raw) : raw;
    return { mu, logVariance, z: sample ? drawLatent(ops, mu, logVariance) : mu };
  }
}

/** z = μ + exp(log σ² / 2)⊙ε (the reparametrisation of a variational auto-encoder). */
export function drawLatent<V>(ops: Ops<V>, mu: V, logVariance: V): V {
  const sigma = ops.exp(ops.mul(logVariance, ops.scalar(0.5)));
  return ops.add(mu, ops.mul(sigma, ops.normal(ops.shape(mu))));
}

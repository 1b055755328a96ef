import type { SeedTree } from '@unseen/core';
import { constant, xavierUniform } from '@unseen/nn';
import { FeatureGenerator } from './generator.ts';

/** Sizes of {@link createGmmn}; defaults are ZS3Net's as released. */
export interface GmmnOptions {
  /** Dimension of the class vectors. */
  readonly embedding: number;
  /** Dimension of the noise. */
  readonly noise: number;
  /** Channels of the features to synthesise. */
  readonly features?: number;
  readonly hidden?: number;
  readonly dropout?: number;
  readonly seeds: SeedTree;
}

/**
 * ZS3Net's generator (§3.2 of its paper), a generative moment matching network: class vector and noise → one hidden layer →
 * features without an output activation. Weights Xavier uniform, biases .01; 219,648 of them at 300 + 300 inputs.
 */
export function createGmmn(options: GmmnOptions): FeatureGenerator {
  const { embedding, noise, features = 256, hidden = 256, dropout = 0.5, seeds } = options;
  return new FeatureGenerator({
    embedding,
    latent: noise,
    features,
    hidden: [hidden],
    dropout: [dropout],
    output: 'linear',
    init: xavierUniform,
    biasInit: constant(0.01),
    seeds,
  });
}

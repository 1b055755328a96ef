import type { SeedTree } from '@unseen/core';
import { constant, Dense, dropout, type Initializer, Module, xavierUniform } from '@unseen/nn';
import type { Ops, Shape } from '@unseen/tensor';

/** Sizes of {@link FeatureGenerator}; defaults are CaGNet's as released (CG-10). */
export interface GeneratorOptions {
  /** Dimension of the class vectors. */
  readonly embedding: number;
  /** Dimension of the latent code or noise. */
  readonly latent: number;
  /** Channels of the features to synthesise. */
  readonly features: number;
  readonly hidden?: readonly number[];
  /** Dropout after each hidden layer. */
  readonly dropout?: readonly number[];
  /** Default `sigmoid`, for features in (0, 1). */
  readonly output?: 'sigmoid' | 'linear';
  readonly init?: Initializer;
  readonly biasInit?: Initializer;
  readonly seeds: SeedTree;
}

const NEGATIVE_SLOPE = 0.2;

/**
 * Synthesises the feature of a pixel from its class vector and a latent code (Gu et al. 2020, §3.3): a perceptron with
 * leaky ReLUs and dropout, applied to each pixel independently. 4,720,088 weights with the defaults and 600 + 600
 * inputs.
 *
 * @example
 * import { SeedTree } from '@unseen/core';
 * import { FeatureGenerator } from '@unseen/synthesis';
 *
 * const sizes = { embedding: 6, latent: 4, features: 8, hidden: [16], dropout: [0.1] };
 * new FeatureGenerator({ ...sizes, seeds: new SeedTree(0) }).parameterCount(); // → 312
 */
export class FeatureGenerator extends Module {
  readonly layers: readonly Dense[];
  readonly dropout: readonly number[];
  readonly output: 'sigmoid' | 'linear';

  constructor(options: GeneratorOptions) {
    super();
    const { hidden = [1024, 960, 864, 784, 720], output = 'sigmoid', seeds } = options;
    const widths = [options.embedding + options.latent, ...hidden, options.features];
    const { init, biasInit } = options;
    this.layers = widths.slice(1).map(
      (outputs, i) =>
        new Dense({
          inputs: widths[i],
          outputs,
          ...(init && { init }),
          ...(biasInit && { biasInit }),
          seeds: seeds.child(`layer${i}`),
        }),
    );
    this.dropout = options.dropout ?? [0.1, 0.1, 0.3, 0.5, 0.5].slice(0, hidden.length);
    this.output = output;
    if (this.dropout.length !== hidden.length) {
      throw new Error(
        `expected one dropout rate for each of the ${hidden.length} hidden layers, got ${this.dropout.length}`,
      );
    }
  }

  /**
   * @param words class vector of each pixel, [.., embedding]
   * @param latent code of each pixel, [.., latent]; same leading axes
   * @returns features [.., features]
   */
  forward<V>(ops: Ops<V>, words: V, latent: V): V {
    let x = ops.concat([words, latent], -1);
    for (const [i, layer] of this.layers.slice(0, -1).entries()) {
      x = dropout(ops, ops.leakyRelu(layer.forward(ops, x), NEGATIVE_SLOPE), this.dropout[i]);
    }
    const features = this.layers[this.layers.length - 1].forward(ops, x);
    return this.output === 'sigmoid' ? ops.sigmoid(features) : features;
  }
}

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
 * ZS3Net's generator (Bucher et al. 2019, §3.2), a generative moment matching network: class vector and noise → one
 * hidden layer → features, without output activation. Weights are Xavier uniform, biases .01; 219,648 parameters with
 * 300 + 300 inputs.
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

/** Distribution of the latent code of a generator without context: N(0, 1), or uniform in [0, 1) (ZS-2). */
export type NoiseKind = 'gaussian' | 'uniform';

/** Independent noise, drawn at every run. */
export function drawNoise<V>(ops: Ops<V>, kind: NoiseKind, shape: Shape): V {
  if (kind === 'gaussian') return ops.normal(shape);
  // The squared norm of a normal vector in the plane is exponentially distributed (Box and Muller 1958).
  const squares = ops.add(ops.square(ops.normal(shape)), ops.square(ops.normal(shape)));
  return ops.exp(ops.mul(squares, ops.scalar(-0.5)));
}

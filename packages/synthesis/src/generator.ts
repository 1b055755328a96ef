import type { SeedTree } from '@unseen/core';
import { Dense, dropout, type Initializer, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Sizes of {@link FeatureGenerator}; defaults are CaGNet's as released (CG-10). */
export interface GeneratorOptions {
  /** Dimension of the class vectors. */
  readonly embedding: number;
  /** Dimension of the latent code or noise. */
  readonly latent: number;
  /** Channels of the features to synthesise. */
  readonly features: number;
  readonly hidden?: readonly number[];
  /** Dropout rate after each hidden layer. */
  readonly dropout?: readonly number[];
  /** `sigmoid` for features in (0, 1), `linear` otherwise. */
  readonly output?: 'sigmoid' | 'linear';
  readonly init?: Initializer;
  readonly biasInit?: Initializer;
  readonly seeds: SeedTree;
}

const NEGATIVE_SLOPE = 0.2;

/**
 * Synthesises the feature of a pixel from its class vector and a latent code (CaGNet §3.3): a perceptron applied to every
 * pixel on its own, with leaky ReLUs and dropout. 4,720,088 weights at the defaults with 600 + 600 inputs.
 */
export class FeatureGenerator extends Module {
  readonly layers: readonly Dense[];
  readonly rates: readonly number[];
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
    this.rates = options.dropout ?? [0.1, 0.1, 0.3, 0.5, 0.5].slice(0, hidden.length);
    this.output = output;
    if (this.rates.length !== hidden.length) {
      throw new Error(`${hidden.length} hidden layers need as many dropout rates, not ${this.rates.length}`);
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
      x = dropout(ops, ops.leakyRelu(layer.forward(ops, x), NEGATIVE_SLOPE), this.rates[i]);
    }
    const features = this.layers[this.layers.length - 1].forward(ops, x);
    return this.output === 'sigmoid' ? ops.sigmoid(features) : features;
  }
}

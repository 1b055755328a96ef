import type { SeedTree } from '@unseen/core';
import { Conv2d, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { ContextSelector, type SelectorActivation } from './context-selector.ts';
import { type LatentCode, LatentHead } from './latent-code.ts';

/** Sizes and choices of {@link ContextualModule}; defaults are the paper's, with a context width of 256. */
export interface ContextualOptions {
  /** Channels of the feature map h. */
  readonly channels: number;
  /** Channels of each context map. */
  readonly width?: number;
  /** One serial 3x3 convolution a dilation. */
  readonly dilations?: readonly number[];
  /** Kernel of these convolutions. Default 3; with 1 a pixel sees itself alone, for ablations. */
  readonly kernel?: 1 | 3;
  /** Whether the last context alone is used, as in ablations, or all of them. Default `all`. */
  readonly scales?: 'all' | 'last';
  /** `sigmoid`; the released code squeezes a ReLU (`relu-sigmoid`, CG-2); `softmax` makes scales compete. */
  readonly selector?: SelectorActivation;
  /** The released code passes the log-variance through a ReLU, so that σ ≥ 1 (CG-3). */
  readonly reluLogVariance?: boolean;
  /** Kernel of the μ and log-variance convolutions: 3 in the released code, 1 in the paper. */
  readonly latentKernel?: 1 | 3;
  readonly seeds: SeedTree;
}

/** What the contextual module makes of a feature map; maps of the input's grid. */
export interface Contextualized<V> extends LatentCode<V> {
  /** X = σ(h·(1 + σ(z))), in (0, 1): [n, h, w, channels]. */
  readonly features: V;
  /** Weight of each context scale: [n, h, w, scales]. */
  readonly selection: V;
}

/**
 * CaGNet's contextual module (paper §3.2): serial dilated convolutions see growing contexts, a selector weighs them per
 * pixel, and the result becomes a Gaussian latent code z per pixel and channel which gates the feature map.
 * No convolution has a bias; the grid is kept. 9,523,584 weights at 600 channels and width 256.
 */
export class ContextualModule extends Module {
  readonly contexts: readonly Conv2d[];
  readonly selector: ContextSelector;
  readonly pool: Conv2d;
  readonly latent: LatentHead;
  readonly scales: 'all' | 'last';

  constructor(options: ContextualOptions) {
    super();
    const { channels, width = 256, dilations = [1, 2, 5], kernel = 3, scales = 'all', seeds } = options;
    this.contexts = dilations.map(
      (dilation, i) =>
        new Conv2d({
          inputs: i === 0 ? channels : width,
          outputs: width,
          kernel,
          dilation,
          bias: false,
          seeds: seeds.child(`context${i}`),
        }),
    );
    const count = scales === 'all' ? dilations.length : 1;
    const stacked = width * count;
    this.selector = new ContextSelector({
      inputs: stacked,
      scales: count,
      activation: options.selector ?? 'sigmoid',
      seeds: seeds.child('selector'),
    });
    this.pool = new Conv2d({ inputs: stacked, outputs: channels, bias: false, seeds: seeds.child('pool') });
    this.scales = scales;
    this.latent = new LatentHead({
      channels,
      kernel: options.latentKernel ?? 3,
      reluLogVariance: options.reluLogVariance ?? false,
      seeds: seeds.child('latent'),
    });
  }

  /**
   * @param h raw feature map [n, height, width, channels]
   * @param sample draw z from N(μ, σ²) instead of taking μ; default: while training
   */
  forward<V>(ops: Ops<V>, h: V, sample = ops.training): Contextualized<V> {
    const all: V[] = [];
    let map = ops.sigmoid(h);
    for (const convolution of this.contexts) {
      map = ops.relu(convolution.forward(ops, map));
      all.push(map);
    }
    const contexts = this.scales === 'all' ? all : all.slice(-1);
    const selection = this.selector.forward(ops, ops.concat(contexts, -1));
    const selected = this.selector.weigh(ops, contexts, selection);
    const code = this.latent.forward(ops, ops.relu(this.pool.forward(ops, selected)), sample);
    return { ...code, selection, features: gateFeatures(ops, h, code.z) };
  }
}

/** X = σ(h + h⊙σ(z)): the feature map that generator and classifier work with, in (0, 1). */
export function gateFeatures<V>(ops: Ops<V>, h: V, z: V): V {
  return ops.sigmoid(ops.add(h, ops.mul(h, ops.sigmoid(z))));
}

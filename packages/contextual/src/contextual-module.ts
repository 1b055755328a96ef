import type { SeedTree } from '@unseen/core';
import { Conv2d, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** A Gaussian per pixel and channel, and a sample of it; all [n, h, w, channels]. */
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

  /** With `sample`, ε ~ N(0, I) is drawn at every run; otherwise z = μ. */
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

/** Activation that turns the selector's maps into weights; `none`: every weight is 1, for ablations. */
export type SelectorActivation = 'sigmoid' | 'relu-sigmoid' | 'softmax' | 'none';

/**
 * The context selector (Gu et al. 2020, §3.2.2): a 3×3 convolution that yields one weight per pixel and context scale,
 * in (0, 1). With `relu-sigmoid` weights are in [½, 1); with `softmax` they sum to 1.
 */
export class ContextSelector extends Module {
  readonly convolution: Conv2d;
  readonly scales: number;
  readonly activation: SelectorActivation;

  constructor(options: { inputs: number; scales: number; activation: SelectorActivation; seeds: SeedTree }) {
    super();
    this.scales = options.scales;
    this.activation = options.activation;
    this.convolution = new Conv2d({
      inputs: options.inputs,
      outputs: options.scales,
      kernel: 3,
      bias: false,
      seeds: options.seeds,
    });
  }

  /** Stacked context maps [n, h, w, scales · width] → weights [n, h, w, scales]. */
  forward<V>(ops: Ops<V>, contexts: V): V {
    if (this.activation === 'none') {
      const shape = [...ops.shape(contexts).slice(0, -1), this.scales];
      return ops.constant(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), shape);
    }
    const scores = this.convolution.forward(ops, contexts);
    if (this.activation === 'softmax') return ops.softmax(scores);
    return ops.sigmoid(this.activation === 'relu-sigmoid' ? ops.relu(scores) : scores);
  }

  /** Multiplies each context map by its weight and stacks them: [n, h, w, scales · width]. */
  weigh<V>(ops: Ops<V>, contexts: readonly V[], selection: V): V {
    const [n, height, width] = ops.shape(selection);
    const weighed = contexts.map((map, k) => ops.mul(map, ops.slice(selection, [0, 0, 0, k], [n, height, width, 1])));
    return ops.concat(weighed, -1);
  }
}

/** Options of {@link ContextualModule}; defaults are the paper's, with a context width of 256. */
export interface ContextualOptions {
  /** Channels of the feature map h. */
  readonly channels: number;
  /** Channels of each context map. */
  readonly width?: number;
  /** One serial 3×3 convolution per dilation. */
  readonly dilations?: readonly number[];
  /** Kernel of these convolutions. Default 3; with 1, each pixel sees only itself, for ablations. */
  readonly kernel?: 1 | 3;
  /** Whether all contexts are used, or only the last, as in ablations. Default `all`. */
  readonly scales?: 'all' | 'last';
  /**
   * Default `sigmoid`. The released code applies a ReLU first (`relu-sigmoid`, CG-2); `softmax` makes scales compete.
   */
  readonly selector?: SelectorActivation;
  /** The released code passes the log-variance through a ReLU, so that σ ≥ 1 (CG-3). */
  readonly reluLogVariance?: boolean;
  /** Kernel of the μ and log-variance convolutions: 3 in the released code, 1 in the paper. */
  readonly latentKernel?: 1 | 3;
  readonly seeds: SeedTree;
}

/** Output of the contextual module; maps on the input's grid. */
export interface Contextualized<V> extends LatentCode<V> {
  /** X = σ(h·(1 + σ(z))), in (0, 1): [n, h, w, channels]. */
  readonly features: V;
  /** Weight of each context scale: [n, h, w, scales]. */
  readonly selection: V;
}

/**
 * CaGNet's contextual module (Gu et al. 2020, §3.2): serial dilated convolutions see growing contexts, a selector
 * weighs them at each pixel, and the result becomes a Gaussian latent code z per pixel and channel, which gates the
 * feature map. Convolutions have no bias, and the grid is kept. 9,523,584 weights with 600 channels and width 256.
 *
 * @example
 * import { ContextualModule } from '@unseen/contextual';
 * import { SeedTree } from '@unseen/core';
 * import { createEagerEngine } from '@unseen/tensor';
 *
 * const contextual = new ContextualModule({ channels: 4, width: 8, seeds: new SeedTree(0) });
 * const executable = (await createEagerEngine('cpu')).compile({
 *   name: 'context',
 *   inputs: { h: { shape: [1, 5, 5, 4], dtype: 'float32' } },
 *   describe: (ops, { h }) => ({ outputs: { selection: contextual.forward(ops, h).selection } }),
 * });
 * executable.outputs.selection; // → [1, 5, 5, 3]
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
   * @param sample whether z is drawn from N(μ, σ²) or equals μ; default: drawn in training
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

/** X = σ(h + h⊙σ(z)): the feature map that generator and classifier use, in (0, 1). */
export function gateFeatures<V>(ops: Ops<V>, h: V, z: V): V {
  return ops.sigmoid(ops.add(h, ops.mul(h, ops.sigmoid(z))));
}

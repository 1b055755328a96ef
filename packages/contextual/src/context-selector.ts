import type { SeedTree } from '@unseen/core';
import { Conv2d, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** How the selector's maps become weights; `none`: every weight is 1, for ablations. */
export type SelectorActivation = 'sigmoid' | 'relu-sigmoid' | 'softmax' | 'none';

/**
 * The context selector (paper §3.2.2): a 3x3 convolution that gives every pixel one weight per context scale.
 * In (0, 1); with `relu-sigmoid` in [½, 1); with `softmax` they add up to 1.
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

  /** Multiplies each context map with its weight and stacks them: [n, h, w, scales · width]. */
  weigh<V>(ops: Ops<V>, contexts: readonly V[], selection: V): V {
    const [n, height, width] = ops.shape(selection);
    const weighed = contexts.map((map, k) => ops.mul(map, ops.slice(selection, [0, 0, 0, k], [n, height, width, 1])));
    return ops.concat(weighed, -1);
  }
}

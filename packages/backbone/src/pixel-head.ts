import type { SeedTree } from '@unseen/core';
import { Dense, type Initializer, Module, uniform, uniformFanIn } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Options of {@link PixelHead}. */
export interface PixelHeadOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Channels of the hidden layer; without it the head is linear. */
  readonly hidden?: number;
  /** Initializer of the weights. Default uniform in ±1/√fan-in, which is always used for biases. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/**
 * The head of a segmentation network: a linear layer at every position, optionally after a hidden layer with ReLU. Maps
 * [n, h, w, inputs] → [n, h, w, outputs], rows [n, inputs] → [n, outputs].
 */
export class PixelHead extends Module {
  readonly hidden: Dense | undefined;
  readonly output: Dense;

  constructor(options: PixelHeadOptions) {
    super();
    const { inputs, outputs, hidden, init = uniformFanIn, seeds } = options;
    const layer = (from: number, to: number, name: string) =>
      new Dense({
        inputs: from,
        outputs: to,
        init,
        biasInit: uniform(1 / Math.sqrt(from)),
        seeds: seeds.child(name),
      });
    this.hidden = hidden === undefined ? undefined : layer(inputs, hidden, 'hidden');
    this.output = layer(hidden ?? inputs, outputs, 'output');
  }

  forward<V>(ops: Ops<V>, x: V): V {
    return this.output.forward(ops, this.hidden ? ops.relu(this.hidden.forward(ops, x)) : x);
  }
}

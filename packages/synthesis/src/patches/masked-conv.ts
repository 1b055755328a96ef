import type { SeedTree } from '@unseen/core';
import { Conv2d, Module } from '@unseen/nn';
import { type Ops, samePadding } from '@unseen/tensor';

/** Options of {@link MaskedConv2d}. */
export interface MaskedConvOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Odd. Default 7. */
  readonly kernel?: number;
  /** `A` hides the pixel itself too, as the first layer must. */
  readonly type: 'A' | 'B';
  readonly seeds: SeedTree;
}

/**
 * Convolution without bias whose output at a pixel depends only on the pixels before it in reading order (van den Oord et al.,
 * Pixel Recurrent Neural Networks, 2016): maps [n, h, w, inputs] → [n, h, w, outputs].
 */
export class MaskedConv2d extends Module {
  readonly convolution: Conv2d;
  readonly type: 'A' | 'B';

  constructor({ inputs, outputs, kernel = 7, type, seeds }: MaskedConvOptions) {
    super();
    if (kernel % 2 === 0) throw new Error(`a masked convolution needs an odd kernel, not ${kernel}`);
    this.convolution = new Conv2d({ inputs, outputs, kernel, bias: false, seeds });
    this.type = type;
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const { weight } = this.convolution;
    const kernel = weight.shape[2];
    const centre = (kernel * kernel - 1) / 2;
    const visible = this.type === 'A' ? centre : centre + 1;
    const mask = Float32Array.from({ length: kernel * kernel }, (_, i) => (i < visible ? 1 : 0));
    const filter = ops.mul(ops.parameter(weight), ops.constant(mask, [1, 1, kernel, kernel]));
    return ops.conv2d(x, filter, { padding: samePadding(kernel, 1) });
  }
}

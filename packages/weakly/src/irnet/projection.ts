import type { SeedTree } from '@unseen/core';
import { Conv2d, GroupNorm, type Initializer, Module, uniformFanIn } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Options of {@link Projection}. */
export interface ProjectionOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly groups: number;
  /** Factor by which the grid gets finer. Default 1. */
  readonly enlarge?: number;
  /** Default {@link uniformFanIn}. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** 1×1 convolution, group normalisation, bilinear enlargement and ReLU: what IRNet makes of each tap. */
export class Projection extends Module {
  readonly conv: Conv2d;
  readonly norm: GroupNorm;
  private readonly enlarge: number;

  constructor({ inputs, outputs, groups, enlarge = 1, init = uniformFanIn, seeds }: ProjectionOptions) {
    super();
    this.conv = new Conv2d({ inputs, outputs, bias: false, init, seeds: seeds.child('conv') });
    this.norm = new GroupNorm({ channels: outputs, groups });
    this.enlarge = enlarge;
  }

  /** [n, h, w, inputs] → [n, h', w', outputs], cut to a grid where one is given: rounded up, coarse ones overlap it. */
  forward<V>(ops: Ops<V>, x: V, grid?: readonly [number, number]): V {
    let y = this.norm.forward(ops, this.conv.forward(ops, x));
    const [n, height, width, channels] = ops.shape(y);
    if (this.enlarge !== 1) y = ops.resizeBilinear(y, [height * this.enlarge, width * this.enlarge]);
    y = ops.relu(y);
    return grid ? ops.slice(y, [0, 0, 0, 0], [n, ...grid, channels]) : y;
  }
}

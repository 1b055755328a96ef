import type { SeedTree } from '@unseen/core';
import { type Ops, type Padding, Parameter, samePadding } from '@unseen/tensor';
import { constant, type Initializer, kaimingNormal } from '../initializers.ts';
import { Module } from '../module.ts';

/** Options of {@link DepthwiseConv2d}. */
export interface DepthwiseConv2dOptions {
  readonly channels: number;
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Default: keeps the grid at stride 1. */
  readonly padding?: Padding;
  /** Default false. */
  readonly bias?: boolean;
  /** Default {@link kaimingNormal}. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** One filter for each channel: [n, h, w, channels] → [n, h', w', channels]. */
export class DepthwiseConv2d extends Module {
  /** [channels, 1, kernel, kernel] */
  readonly weight: Parameter;
  /** [channels] */
  readonly bias: Parameter | undefined;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Padding;

  constructor(options: DepthwiseConv2dOptions) {
    super();
    const { channels, kernel, stride = 1, dilation = 1, bias = false, init = kaimingNormal, seeds } = options;
    const shape = [channels, 1, kernel, kernel];
    this.weight = new Parameter(shape, { values: init(shape, seeds.child('weight').stream()) });
    this.bias = bias
      ? new Parameter([channels], { values: constant(0)([channels], seeds.child('bias').stream()) })
      : undefined;
    this.stride = stride;
    this.dilation = dilation;
    this.padding = options.padding ?? samePadding(kernel, dilation);
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const { stride, dilation, padding, bias } = this;
    const y = ops.depthwiseConv2d(x, ops.parameter(this.weight), { stride, dilation, padding });
    return bias ? ops.add(y, ops.parameter(bias)) : y;
  }
}

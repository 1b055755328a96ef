import type { SeedTree } from '@unseen/core';
import { type Ops, type Padding, Parameter, samePadding } from '@unseen/tensor';
import { constant, type Initializer, kaimingNormal } from '../initializers.ts';
import { Module } from '../module.ts';

/** Options of {@link Conv2d}. */
export interface Conv2dOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Default 1. */
  readonly kernel?: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Default: keeps the grid at stride 1. */
  readonly padding?: Padding;
  /** Default true. */
  readonly bias?: boolean;
  /** Default {@link kaimingNormal}. */
  readonly init?: Initializer;
  /** Default 0. */
  readonly biasInit?: Initializer;
  readonly seeds: SeedTree;
}

/** Convolution of maps [n, h, w, inputs] → [n, h', w', outputs]. */
export class Conv2d extends Module {
  /** [outputs, inputs, kernel, kernel] */
  readonly weight: Parameter;
  /** [outputs] */
  readonly bias: Parameter | undefined;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Padding;

  constructor(options: Conv2dOptions) {
    super();
    const { inputs, outputs, seeds } = options;
    const { kernel = 1, stride = 1, dilation = 1, bias = true, init = kaimingNormal, biasInit = constant(0) } = options;
    const shape = [outputs, inputs, kernel, kernel];
    this.weight = new Parameter(shape, { values: init(shape, seeds.child('weight').stream()) });
    this.bias = bias
      ? new Parameter([outputs], { values: biasInit([outputs], seeds.child('bias').stream()) })
      : undefined;
    this.stride = stride;
    this.dilation = dilation;
    this.padding = options.padding ?? samePadding(kernel, dilation);
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const { stride, dilation, padding, bias } = this;
    const y = ops.conv2d(x, ops.parameter(this.weight), { stride, dilation, padding });
    return bias ? ops.add(y, ops.parameter(bias)) : y;
  }
}

import type { SeedTree } from '@unseen/core';
import { type Ops, Parameter } from '@unseen/tensor';
import { constant, type Initializer, kaimingNormal } from '../initializers.ts';
import { Module } from '../module.ts';

/** Options of {@link Dense}. */
export interface DenseOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default {@link kaimingNormal}. */
  readonly init?: Initializer;
  /** Default 0. */
  readonly biasInit?: Initializer;
  readonly seeds: SeedTree;
}

/** The same linear layer for every position: rows [n, inputs] → [n, outputs], maps [n, h, w, inputs] → [n, h, w, outputs]. */
export class Dense extends Module {
  /** [outputs, inputs] */
  readonly weight: Parameter;
  /** [outputs] */
  readonly bias: Parameter | undefined;

  constructor(options: DenseOptions) {
    super();
    const { inputs, outputs, bias = true, init = kaimingNormal, biasInit = constant(0), seeds } = options;
    const shape = [outputs, inputs];
    this.weight = new Parameter(shape, { values: init(shape, seeds.child('weight').stream()) });
    this.bias = bias
      ? new Parameter([outputs], { values: biasInit([outputs], seeds.child('bias').stream()) })
      : undefined;
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const weight = ops.parameter(this.weight);
    const [outputs, inputs] = this.weight.shape;
    const rank = ops.shape(x).length;
    if (rank !== 2 && rank !== 4) throw new Error(`a dense layer takes rows or maps, not rank ${rank}`);
    const y =
      rank === 2
        ? ops.matMul(x, weight, { transposeB: true })
        : ops.conv2d(x, ops.reshape(weight, [outputs, inputs, 1, 1]));
    return this.bias ? ops.add(y, ops.parameter(this.bias)) : y;
  }
}

import { type Shape, sizeOf } from './shape.ts';

/**
 * A weight of a network. Its values are in one host array that engines read and update in place; engines with their own
 * memory synchronise by {@link version} (see `Engine.pull`).
 *
 * Convolution filters are stored [out, in, height, width] and dense weights [out, in], as in PyTorch checkpoints: the
 * order in which a compiled convolution reads its filter and writes its gradient, so nothing is transposed.
 */
export class Parameter {
  readonly shape: Shape;
  readonly values: Float32Array;
  /** False for running statistics and frozen weights: no gradient is ever taken. */
  readonly trainable: boolean;
  /** Incremented by whoever changes {@link values} on the host. */
  version = 0;

  constructor(shape: Shape, options: { readonly values?: Float32Array; readonly trainable?: boolean } = {}) {
    this.shape = shape;
    this.values = options.values ?? new Float32Array(sizeOf(shape));
    this.trainable = options.trainable ?? true;
    if (this.values.length !== sizeOf(shape)) {
      throw new Error(`a parameter of shape [${shape}] needs ${sizeOf(shape)} values, not ${this.values.length}`);
    }
  }

  /** Replaces the values, copying. */
  assign(values: Float32Array): void {
    this.values.set(values);
    this.version++;
  }
}

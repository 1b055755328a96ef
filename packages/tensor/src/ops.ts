import type { Parameter } from './parameter.ts';
import type { Padding, Shape } from './shape.ts';

/** Options of {@link Ops.conv2d}; defaults: stride 1, dilation 1, no padding. */
export interface ConvOptions {
  readonly stride?: number;
  readonly dilation?: number;
  readonly padding?: Padding;
}

/** Options of the pooling operations; default padding: none. */
export interface PoolOptions {
  readonly size: number;
  readonly stride: number;
  readonly padding?: Padding;
}

/** How pixel centres of two grids are matched: `halfPixel` (PyTorch's and OpenCV's default) or `alignCorners`. */
export type ResizeConvention = 'halfPixel' | 'alignCorners';

/**
 * The differentiable operations, the only ones that networks and losses may use. An interpreter gives `V` its meaning:
 * a TF.js tensor (eager), a node of a recorded graph (compiled, frozen, exported) or only a shape (cost).
 *
 * Maps are [batch, height, width, channels], rows [rows, channels]. Negative axes count from the end. Element-wise
 * operations broadcast as NumPy does. Shapes are static. Anything that cannot be composed of these belongs here as
 * another operation with its gradient rule, or on the host.
 */
export interface Ops<V> {
  /** True while training: dropout drops, latent codes are sampled. */
  readonly training: boolean;

  shape(x: V): Shape;

  // ---- leaves
  /** A weight; a program may ask for gradients with respect to it. */
  parameter(parameter: Parameter): V;
  constant(values: Float32Array | readonly number[], shape: Shape): V;
  scalar(value: number): V;
  /** Standard normal noise, new at every run. */
  normal(shape: Shape): V;
  /** Ones with probability `p`, else zeros, new at every run. */
  bernoulli(shape: Shape, p: number): V;

  // ---- convolutions and products
  /** `x` [n,h,w,in] * `filter` [out,in,kh,kw] → [n,h',w',out]. */
  conv2d(x: V, filter: V, options?: ConvOptions): V;
  /** `x` [n,h,w,c] * `filter` [c,1,kh,kw], one filter a channel → [n,h',w',c]. */
  depthwiseConv2d(x: V, filter: V, options?: ConvOptions): V;
  /**
   * [.., m,k] · [.., k,n] → [.., m,n], ranks 2 or 3 (equal leading axis); a flag says that the operand is transposed.
   */
  matMul(a: V, b: V, options?: { readonly transposeA?: boolean; readonly transposeB?: boolean }): V;

  // ---- element-wise
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  div(a: V, b: V): V;
  maximum(a: V, b: V): V;
  neg(x: V): V;
  exp(x: V): V;
  /** Natural logarithm. */
  log(x: V): V;
  /** Square root; its gradient at 0 is 0. */
  sqrt(x: V): V;
  square(x: V): V;
  /** |x|; its gradient at 0 is 0. */
  abs(x: V): V;
  relu(x: V): V;
  relu6(x: V): V;
  leakyRelu(x: V, slope: number): V;
  sigmoid(x: V): V;
  tanh(x: V): V;
  /** log(1 + exp(x)), without overflow. */
  softplus(x: V): V;

  // ---- reductions, over `axes` (default: all)
  sum(x: V, axes?: readonly number[], keepDims?: boolean): V;
  mean(x: V, axes?: readonly number[], keepDims?: boolean): V;
  /** Over the last axis. */
  softmax(x: V): V;
  /** Over the last axis, without overflow. */
  logSoftmax(x: V): V;

  // ---- form
  reshape(x: V, shape: Shape): V;
  transpose(x: V, order: readonly number[]): V;
  concat(xs: readonly V[], axis: number): V;
  /** The part that starts at `begin` and has size `size` (-1: to the end) on each axis. */
  slice(x: V, begin: readonly number[], size: readonly number[]): V;
  /** Adds zeros around a map. */
  pad(x: V, padding: Padding): V;
  /**
   * Rows of `table` [n, c] at integer `indices` [...] → [..., c]; gradients of equal indices are added. `distinct`
   * promises that no index occurs twice, which makes the gradient much faster.
   */
  gather(table: V, indices: V, options?: { readonly distinct?: boolean }): V;
  /**
   * 1 where the integer label equals the position on a new last axis of length `depth`, else 0; labels out of range
   * give zeros.
   */
  oneHot(labels: V, depth: number): V;

  // ---- windows and grids
  /** Padding counts as minus infinity. */
  maxPool(x: V, options: PoolOptions): V;
  /** Padding is not counted. */
  averagePool(x: V, options: PoolOptions): V;
  resizeBilinear(x: V, size: readonly [number, number], convention?: ResizeConvention): V;
  /** source = floor(target · in / out), as OpenCV and PyTorch do. */
  resizeNearest(x: V, size: readonly [number, number]): V;

  /** The same value, but no gradient flows through it. */
  stopGradient(x: V): V;
  /** d(sum of `of`)/d(each of `by`), itself differentiable; `by` must be values that `of` was computed from. */
  gradients(of: V, by: readonly V[]): V[];
}

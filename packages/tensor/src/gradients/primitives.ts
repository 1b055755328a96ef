import type { ConvOptions, Ops, PoolOptions, ResizeConvention } from '../ops.ts';
import type { Parameter } from '../parameter.ts';
import type { Shape } from '../shape.ts';

/** {@link ConvOptions} with every default filled in. */
export type Convolution = Required<ConvOptions>;

/** {@link PoolOptions} with every default filled in. */
export type Pooling = Required<PoolOptions>;

/**
 * What an interpreter has to implement: the operations of {@link Ops} without their options' defaults and without
 * `gradients`, and those that only gradient rules use. `Tape` turns it into an `Ops`.
 *
 * All arguments arrive complete: axes are sorted and count from the start, sizes and shapes have no -1, options have
 * their defaults. What `Ops` offers beyond this (`mean`, `pad`) is composed of these. An operation may return its input
 * where it would change nothing, except `stopGradient`, whose result must be a value of its own.
 */
export interface PrimitiveOps<V>
  extends Pick<
    Ops<V>,
    | 'training'
    | 'shape'
    | 'constant'
    | 'scalar'
    | 'normal'
    | 'bernoulli'
    | 'add'
    | 'sub'
    | 'mul'
    | 'div'
    | 'maximum'
    | 'neg'
    | 'exp'
    | 'log'
    | 'sqrt'
    | 'square'
    | 'abs'
    | 'relu'
    | 'relu6'
    | 'leakyRelu'
    | 'sigmoid'
    | 'tanh'
    | 'softplus'
    | 'softmax'
    | 'logSoftmax'
    | 'reshape'
    | 'transpose'
    | 'concat'
    | 'slice'
    | 'gather'
    | 'oneHot'
    | 'resizeNearest'
    | 'stopGradient'
  > {
  /** Called once per parameter and tape. */
  parameter(parameter: Parameter): V;
  conv2d(x: V, filter: V, options: Convolution): V;
  depthwiseConv2d(x: V, filter: V, options: Convolution): V;
  matMul(a: V, b: V, options: { readonly transposeA: boolean; readonly transposeB: boolean }): V;
  sum(x: V, axes: readonly number[], keepDims: boolean): V;
  maxPool(x: V, options: Pooling): V;
  averagePool(x: V, options: Pooling): V;
  resizeBilinear(x: V, size: readonly [number, number], convention: ResizeConvention): V;

  // ---- used by gradient rules
  /** 1 where x > 0, else 0. */
  step(x: V): V;
  /** Repeats `x` along axes of size 1 or missing in front, as element-wise operations do. */
  broadcastTo(x: V, shape: Shape): V;
  /** Zeros of shape `shape` with `x` put at `begin`: the transpose of `slice`. */
  place(x: V, begin: readonly number[], shape: Shape): V;
  /**
   * `rows` zero rows to which the vectors of `x` [..., c] are added at integer `indices` [...], the transpose of `gather`.
   * `distinct` promises that no index occurs twice.
   */
  scatterAdd(x: V, indices: V, rows: number, distinct: boolean): V;
  /** d conv2d(x, filter) / dx applied to `dy`; the result has the shape `inputShape`. */
  conv2dInputGradient(dy: V, filter: V, inputShape: Shape, options: Convolution): V;
  /** d conv2d(x, filter) / dfilter applied to `dy`; the result has the shape `filterShape`. */
  conv2dFilterGradient(x: V, dy: V, filterShape: Shape, options: Convolution): V;
  depthwiseConv2dInputGradient(dy: V, filter: V, inputShape: Shape, options: Convolution): V;
  depthwiseConv2dFilterGradient(x: V, dy: V, filterShape: Shape, options: Convolution): V;
  /** `y` is the value that `maxPool(x, options)` returned. */
  maxPoolGradient(x: V, y: V, dy: V, options: Pooling): V;
  averagePoolGradient(dy: V, inputShape: Shape, options: Pooling): V;
  /** The transpose of `resizeBilinear` from the grid `size` [h, w]. */
  resizeBilinearGradient(dy: V, size: readonly [number, number], convention: ResizeConvention): V;
  /** The transpose of `resizeNearest` from the grid `size` [h, w]. */
  resizeNearestGradient(dy: V, size: readonly [number, number]): V;
}

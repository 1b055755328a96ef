import type { ConvOptions, PoolOptions, ResizeConvention } from '../ops.ts';
import type { Parameter } from '../parameter.ts';
import type { Padding, Shape } from '../shape.ts';
import { axesOf, axisOf, convolution, pooling } from './arguments.ts';
import { elementwiseRules, leakyReluRule } from './elementwise.ts';
import { formRules } from './form.ts';
import type { Convolution, Pooling, PrimitiveOps } from './primitives.ts';
import { productRules, type Transposition } from './products.ts';
import { GradientRecord } from './record.ts';
import type { TapeOps } from './rule.ts';
import { windowRules } from './windows.ts';

type Binary = 'add' | 'sub' | 'mul' | 'div' | 'maximum';
type Unary = Exclude<keyof typeof elementwiseRules, Binary>;

/**
 * Implements `Ops` on top of an interpreter's {@link PrimitiveOps}: completes the arguments, records every operation
 * and takes gradients by walking back over the record with one rule per operation. Values are those of the interpreter.
 * Since the rules use the tape itself, gradients are recorded and can be differentiated in turn. One tape serves one
 * run (eager) or one description (recorded).
 */
export class Tape<V> implements TapeOps<V> {
  readonly training: boolean;
  private readonly base: PrimitiveOps<V>;
  private readonly record = new GradientRecord<V>();
  private readonly leaves = new Map<Parameter, V>();

  constructor(base: PrimitiveOps<V>) {
    this.base = base;
    this.training = base.training;
  }

  private binary(name: Binary, a: V, b: V): V {
    return this.record.add(elementwiseRules[name], [a, b], undefined, this.base[name](a, b));
  }

  private unary(name: Unary, x: V): V {
    return this.record.add(elementwiseRules[name], [x], undefined, this.base[name](x));
  }

  shape(x: V): Shape {
    return this.base.shape(x);
  }

  // ---- leaves
  parameter(parameter: Parameter): V {
    const leaf = this.leaves.get(parameter) ?? this.base.parameter(parameter);
    this.leaves.set(parameter, leaf);
    return leaf;
  }
  constant(values: Float32Array | readonly number[], shape: Shape): V {
    return this.base.constant(values, shape);
  }
  scalar(value: number): V {
    return this.base.scalar(value);
  }
  normal(shape: Shape): V {
    return this.base.normal(shape);
  }
  bernoulli(shape: Shape, p: number): V {
    return this.base.bernoulli(shape, p);
  }

  // ---- convolutions and products
  conv2d(x: V, filter: V, options?: ConvOptions): V {
    const complete = convolution(options);
    return this.record.add(productRules.conv2d, [x, filter], complete, this.base.conv2d(x, filter, complete));
  }
  depthwiseConv2d(x: V, filter: V, options?: ConvOptions): V {
    const complete = convolution(options);
    const y = this.base.depthwiseConv2d(x, filter, complete);
    return this.record.add(productRules.depthwiseConv2d, [x, filter], complete, y);
  }
  matMul(a: V, b: V, { transposeA = false, transposeB = false }: Partial<Transposition> = {}): V {
    const options = { transposeA, transposeB };
    return this.record.add(productRules.matMul, [a, b], options, this.base.matMul(a, b, options));
  }

  // ---- element-wise
  add(a: V, b: V): V {
    return this.binary('add', a, b);
  }
  sub(a: V, b: V): V {
    return this.binary('sub', a, b);
  }
  mul(a: V, b: V): V {
    return this.binary('mul', a, b);
  }
  div(a: V, b: V): V {
    return this.binary('div', a, b);
  }
  maximum(a: V, b: V): V {
    return this.binary('maximum', a, b);
  }
  neg(x: V): V {
    return this.unary('neg', x);
  }
  exp(x: V): V {
    return this.unary('exp', x);
  }
  log(x: V): V {
    return this.unary('log', x);
  }
  sqrt(x: V): V {
    return this.unary('sqrt', x);
  }
  square(x: V): V {
    return this.unary('square', x);
  }
  abs(x: V): V {
    return this.unary('abs', x);
  }
  relu(x: V): V {
    return this.unary('relu', x);
  }
  relu6(x: V): V {
    return this.unary('relu6', x);
  }
  leakyRelu(x: V, slope: number): V {
    return this.record.add(leakyReluRule, [x], slope, this.base.leakyRelu(x, slope));
  }
  sigmoid(x: V): V {
    return this.unary('sigmoid', x);
  }
  tanh(x: V): V {
    return this.unary('tanh', x);
  }
  softplus(x: V): V {
    return this.unary('softplus', x);
  }

  // ---- reductions
  sum(x: V, axes?: readonly number[], keepDims = false): V {
    const complete = axesOf(this.shape(x).length, axes);
    return this.record.add(formRules.sum, [x], complete, this.base.sum(x, complete, keepDims));
  }
  mean(x: V, axes?: readonly number[], keepDims?: boolean): V {
    const shape = this.shape(x);
    const count = axesOf(shape.length, axes).reduce((product, axis) => product * shape[axis], 1);
    return this.mul(this.sum(x, axes, keepDims), this.scalar(1 / count));
  }
  softmax(x: V): V {
    return this.record.add(formRules.softmax, [x], undefined, this.base.softmax(x));
  }
  logSoftmax(x: V): V {
    return this.record.add(formRules.logSoftmax, [x], undefined, this.base.logSoftmax(x));
  }

  // ---- form
  reshape(x: V, shape: Shape): V {
    return this.record.add(formRules.reshape, [x], undefined, this.base.reshape(x, shape));
  }
  transpose(x: V, order: readonly number[]): V {
    const rank = this.shape(x).length;
    const complete = order.map((axis) => axisOf(rank, axis));
    return this.record.add(formRules.transpose, [x], complete, this.base.transpose(x, complete));
  }
  concat(xs: readonly V[], axis: number): V {
    const complete = axisOf(this.shape(xs[0]).length, axis);
    return this.record.add(formRules.concat, xs, complete, this.base.concat(xs, complete));
  }
  slice(x: V, begin: readonly number[], size: readonly number[]): V {
    const shape = this.shape(x);
    const complete = size.map((n, i) => (n === -1 ? shape[i] - begin[i] : n));
    return this.record.add(formRules.slice, [x], begin, this.base.slice(x, begin, complete));
  }
  pad(x: V, [top, bottom, left, right]: Padding): V {
    const [n, height, width, channels] = this.shape(x);
    return this.place(x, [0, top, left, 0], [n, height + top + bottom, width + left + right, channels]);
  }
  gather(table: V, indices: V, options: { readonly distinct?: boolean } = {}): V {
    const { distinct = false } = options;
    return this.record.add(formRules.gather, [table, indices], distinct, this.base.gather(table, indices, options));
  }
  oneHot(labels: V, depth: number): V {
    return this.base.oneHot(labels, depth);
  }

  // ---- windows and grids
  maxPool(x: V, options: PoolOptions): V {
    const complete = pooling(options);
    return this.record.add(windowRules.maxPool, [x], complete, this.base.maxPool(x, complete));
  }
  averagePool(x: V, options: PoolOptions): V {
    const complete = pooling(options);
    return this.record.add(windowRules.averagePool, [x], complete, this.base.averagePool(x, complete));
  }
  resizeBilinear(x: V, size: readonly [number, number], convention: ResizeConvention = 'halfPixel'): V {
    return this.record.add(windowRules.resizeBilinear, [x], convention, this.base.resizeBilinear(x, size, convention));
  }
  resizeNearest(x: V, size: readonly [number, number]): V {
    return this.record.add(windowRules.resizeNearest, [x], undefined, this.base.resizeNearest(x, size));
  }

  stopGradient(x: V): V {
    return this.base.stopGradient(x);
  }

  // ---- used by gradient rules
  step(x: V): V {
    return this.base.step(x);
  }
  broadcastTo(x: V, shape: Shape): V {
    return this.record.add(formRules.broadcastTo, [x], undefined, this.base.broadcastTo(x, shape));
  }
  place(x: V, begin: readonly number[], shape: Shape): V {
    return this.record.add(formRules.place, [x], begin, this.base.place(x, begin, shape));
  }
  scatterAdd(x: V, indices: V, rows: number, distinct: boolean): V {
    const result = this.base.scatterAdd(x, indices, rows, distinct);
    return this.record.add(formRules.scatterAdd, [x, indices], distinct, result);
  }
  conv2dInputGradient(dy: V, filter: V, inputShape: Shape, options: Convolution): V {
    const dx = this.base.conv2dInputGradient(dy, filter, inputShape, options);
    return this.record.add(productRules.conv2dInputGradient, [dy, filter], options, dx);
  }
  conv2dFilterGradient(x: V, dy: V, filterShape: Shape, options: Convolution): V {
    const dfilter = this.base.conv2dFilterGradient(x, dy, filterShape, options);
    return this.record.add(productRules.conv2dFilterGradient, [x, dy], options, dfilter);
  }
  depthwiseConv2dInputGradient(dy: V, filter: V, inputShape: Shape, options: Convolution): V {
    const dx = this.base.depthwiseConv2dInputGradient(dy, filter, inputShape, options);
    return this.record.add(productRules.depthwiseConv2dInputGradient, [dy, filter], options, dx);
  }
  depthwiseConv2dFilterGradient(x: V, dy: V, filterShape: Shape, options: Convolution): V {
    const dfilter = this.base.depthwiseConv2dFilterGradient(x, dy, filterShape, options);
    return this.record.add(productRules.depthwiseConv2dFilterGradient, [x, dy], options, dfilter);
  }
  maxPoolGradient(x: V, y: V, dy: V, options: Pooling): V {
    const dx = this.base.maxPoolGradient(x, y, dy, options);
    return this.record.add(windowRules.maxPoolGradient, [x, y, dy], undefined, dx);
  }
  averagePoolGradient(dy: V, inputShape: Shape, options: Pooling): V {
    const dx = this.base.averagePoolGradient(dy, inputShape, options);
    return this.record.add(windowRules.averagePoolGradient, [dy], options, dx);
  }
  resizeBilinearGradient(dy: V, size: readonly [number, number], convention: ResizeConvention): V {
    const dx = this.base.resizeBilinearGradient(dy, size, convention);
    return this.record.add(windowRules.resizeBilinearGradient, [dy], convention, dx);
  }
  resizeNearestGradient(dy: V, size: readonly [number, number]): V {
    return this.record.add(
      windowRules.resizeNearestGradient,
      [dy],
      undefined,
      this.base.resizeNearestGradient(dy, size),
    );
  }

  gradients(of: V, by: readonly V[]): V[] {
    return this.record.gradients(this, of, by);
  }
}

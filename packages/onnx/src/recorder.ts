import {
  type Convolution,
  type InputSpec,
  type Parameter,
  type Pooling,
  type PrimitiveOps,
  type ResizeConvention,
  type Shape,
  type Shaped,
  ShapeOps,
} from '@unseen/tensor';
import type { Attributes, Leaf, Node } from './node.ts';

/** The noise that a program draws at every run, in order. */
export interface Noise {
  readonly shape: Shape;
  /** Probability of a one; absent for normal noise. */
  readonly probability?: number;
}

/**
 * The recording interpreter: every operation becomes a new {@link Node} with a static shape. Nothing is simplified,
 * since the gradient tape needs a distinct value for each call.
 */
export class Recorder implements PrimitiveOps<Node> {
  readonly training: boolean;
  readonly noise: Noise[] = [];
  private readonly shapes: ShapeOps;
  private count = 0;

  constructor(training: boolean) {
    this.training = training;
    this.shapes = new ShapeOps(training);
  }

  input(name: string, { shape, dtype }: InputSpec): Node {
    return this.leaf({ kind: 'input', name }, shape, dtype);
  }

  shape(x: Node): Shape {
    return x.shape;
  }

  // ---- leaves
  parameter(parameter: Parameter): Node {
    return this.leaf({ kind: 'parameter', parameter }, parameter.shape);
  }
  constant(values: Float32Array | readonly number[], shape: Shape): Node {
    return this.leaf(
      { kind: 'constant', values: Float32Array.from(values) },
      this.shapes.constant(values, shape).shape,
    );
  }
  scalar(value: number): Node {
    return this.constant([value], []);
  }
  normal(shape: Shape): Node {
    this.noise.push({ shape });
    return this.leaf({ kind: 'noise', index: this.noise.length - 1 }, shape);
  }
  bernoulli(shape: Shape, probability: number): Node {
    this.noise.push({ shape, probability });
    return this.leaf({ kind: 'noise', index: this.noise.length - 1, probability }, shape);
  }

  // ---- convolutions and products
  conv2d(x: Node, filter: Node, options: Convolution): Node {
    return this.record('conv2d', [x, filter], this.shapes.conv2d(x, filter, options), { ...options });
  }
  depthwiseConv2d(x: Node, filter: Node, options: Convolution): Node {
    return this.record('depthwiseConv2d', [x, filter], this.shapes.depthwiseConv2d(x, filter, options), { ...options });
  }
  matMul(a: Node, b: Node, options: { readonly transposeA: boolean; readonly transposeB: boolean }): Node {
    return this.record('matMul', [a, b], this.shapes.matMul(a, b, options), { ...options });
  }
  conv2dInputGradient(dy: Node, filter: Node, shape: Shape, options: Convolution): Node {
    return this.record('conv2dInputGradient', [dy, filter], { shape }, { ...options });
  }
  conv2dFilterGradient(x: Node, dy: Node, shape: Shape, options: Convolution): Node {
    return this.record('conv2dFilterGradient', [x, dy], { shape }, { ...options });
  }
  depthwiseConv2dInputGradient(dy: Node, filter: Node, shape: Shape, options: Convolution): Node {
    return this.record('depthwiseConv2dInputGradient', [dy, filter], { shape }, { ...options });
  }
  depthwiseConv2dFilterGradient(x: Node, dy: Node, shape: Shape, options: Convolution): Node {
    return this.record('depthwiseConv2dFilterGradient', [x, dy], { shape }, { ...options });
  }

  // ---- element-wise
  add(a: Node, b: Node): Node {
    return this.record('add', [a, b], this.shapes.add(a, b));
  }
  sub(a: Node, b: Node): Node {
    return this.record('sub', [a, b], this.shapes.sub(a, b));
  }
  mul(a: Node, b: Node): Node {
    return this.record('mul', [a, b], this.shapes.mul(a, b));
  }
  div(a: Node, b: Node): Node {
    return this.record('div', [a, b], this.shapes.div(a, b));
  }
  maximum(a: Node, b: Node): Node {
    return this.record('maximum', [a, b], this.shapes.maximum(a, b));
  }
  neg(x: Node): Node {
    return this.record('neg', [x], x);
  }
  exp(x: Node): Node {
    return this.record('exp', [x], x);
  }
  log(x: Node): Node {
    return this.record('log', [x], x);
  }
  sqrt(x: Node): Node {
    return this.record('sqrt', [x], x);
  }
  square(x: Node): Node {
    return this.record('square', [x], x);
  }
  abs(x: Node): Node {
    return this.record('abs', [x], x);
  }
  relu(x: Node): Node {
    return this.record('relu', [x], x);
  }
  relu6(x: Node): Node {
    return this.record('relu6', [x], x);
  }
  sigmoid(x: Node): Node {
    return this.record('sigmoid', [x], x);
  }
  tanh(x: Node): Node {
    return this.record('tanh', [x], x);
  }
  softplus(x: Node): Node {
    return this.record('softplus', [x], x);
  }
  step(x: Node): Node {
    return this.record('step', [x], x);
  }
  softmax(x: Node): Node {
    return this.record('softmax', [x], x);
  }
  logSoftmax(x: Node): Node {
    return this.record('logSoftmax', [x], x);
  }
  leakyRelu(x: Node, slope: number): Node {
    return this.record('leakyRelu', [x], x, { slope });
  }

  // ---- reductions and form
  sum(x: Node, axes: readonly number[], keepDims: boolean): Node {
    return this.record('sum', [x], this.shapes.sum(x, axes, keepDims), { axes, keepDims });
  }
  broadcastTo(x: Node, shape: Shape): Node {
    return this.record('broadcastTo', [x], this.shapes.broadcastTo(x, shape));
  }
  reshape(x: Node, shape: Shape): Node {
    return this.record('reshape', [x], this.shapes.reshape(x, shape), {}, x.dtype);
  }
  transpose(x: Node, order: readonly number[]): Node {
    return this.record('transpose', [x], this.shapes.transpose(x, order), { order }, x.dtype);
  }
  concat(xs: readonly Node[], axis: number): Node {
    return this.record('concat', xs, this.shapes.concat(xs, axis), { axis });
  }
  slice(x: Node, begin: readonly number[], size: readonly number[]): Node {
    return this.record('slice', [x], this.shapes.slice(x, begin, size), { begin }, x.dtype);
  }
  place(x: Node, begin: readonly number[], shape: Shape): Node {
    return this.record('place', [x], this.shapes.place(x, begin, shape), { begin });
  }
  gather(table: Node, indices: Node): Node {
    return this.record('gather', [table, indices], this.shapes.gather(table, indices));
  }
  scatterAdd(x: Node, indices: Node, rows: number, distinct: boolean): Node {
    return this.record('scatterAdd', [x, indices], this.shapes.scatterAdd(x, indices, rows), { distinct });
  }
  oneHot(labels: Node, depth: number): Node {
    return this.record('oneHot', [labels], this.shapes.oneHot(labels, depth));
  }
  stopGradient(x: Node): Node {
    return this.record('identity', [x], x, {}, x.dtype);
  }

  // ---- windows and grids
  maxPool(x: Node, options: Pooling): Node {
    return this.record('maxPool', [x], this.shapes.maxPool(x, options), { ...options });
  }
  averagePool(x: Node, options: Pooling): Node {
    return this.record('averagePool', [x], this.shapes.averagePool(x, options), { ...options });
  }
  maxPoolGradient(x: Node, _y: Node, dy: Node, options: Pooling): Node {
    return this.record('maxPoolGradient', [x, dy], x, { ...options });
  }
  averagePoolGradient(dy: Node, shape: Shape, options: Pooling): Node {
    return this.record('averagePoolGradient', [dy], { shape }, { ...options });
  }
  resizeBilinear(x: Node, size: readonly [number, number], convention: ResizeConvention): Node {
    return this.record('resizeBilinear', [x], this.shapes.resizeBilinear(x, size), { convention });
  }
  resizeBilinearGradient(x: Node, size: readonly [number, number], convention: ResizeConvention): Node {
    return this.record('resizeBilinearGradient', [x], this.shapes.resizeBilinearGradient(x, size), { convention });
  }
  resizeNearest(x: Node, size: readonly [number, number]): Node {
    return this.record('resizeNearest', [x], this.shapes.resizeNearest(x, size));
  }
  resizeNearestGradient(x: Node, size: readonly [number, number]): Node {
    return this.record('resizeNearestGradient', [x], this.shapes.resizeNearestGradient(x, size));
  }

  /** One operation; only its attributes and shape distinguish it from others on the same inputs. */
  private record(
    operation: string,
    inputs: readonly Node[],
    { shape }: Shaped,
    attributes: Attributes = {},
    dtype: Node['dtype'] = 'float32',
  ): Node {
    return { id: this.count++, operation, inputs, shape, dtype, attributes };
  }

  private leaf(leaf: Leaf, shape: Shape, dtype: Node['dtype'] = 'float32'): Node {
    return { id: this.count++, operation: leaf.kind, inputs: [], shape, dtype, attributes: {}, leaf };
  }
}

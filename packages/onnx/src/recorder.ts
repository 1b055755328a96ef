import {
  broadcastShape,
  type Convolution,
  type InputSpec,
  type Parameter,
  type Pooling,
  type PrimitiveOps,
  type ResizeConvention,
  type Shape,
  sizeOf,
} from '@unseen/tensor';
import type { Attributes, Leaf, Node } from './node.ts';
import { convShape, matMulShape, poolShape, reducedShape } from './shapes.ts';

/** What a program's description draws at every run, in order. */
export interface Noise {
  readonly shape: Shape;
  /** Of a one; normal noise has none. */
  readonly probability?: number;
}

/**
 * The interpreter that records: every operation becomes a new {@link Node} with a static shape. Nothing is simplified
 * here, so that each call is a value of its own for the gradient tape; see `simplify`.
 */
export class Recorder implements PrimitiveOps<Node> {
  readonly training: boolean;
  readonly noise: Noise[] = [];
  private count = 0;

  constructor(training: boolean) {
    this.training = training;
  }

  input(name: string, { shape, dtype }: InputSpec): Node {
    return this.leaf({ kind: 'input', name }, shape, dtype);
  }

  shape(x: Node): Shape {
    return x.shape;
  }

  parameter(parameter: Parameter): Node {
    return this.leaf({ kind: 'parameter', parameter }, parameter.shape);
  }

  constant(values: Float32Array | readonly number[], shape: Shape): Node {
    if (values.length !== sizeOf(shape)) throw new Error(`${values.length} values do not fill [${shape}]`);
    return this.leaf({ kind: 'constant', values: Float32Array.from(values) }, shape);
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

  conv2d(x: Node, filter: Node, options: Convolution): Node {
    return this.record('conv2d', [x, filter], convShape(x.shape, filter.shape, options, false), { ...options });
  }

  depthwiseConv2d(x: Node, filter: Node, options: Convolution): Node {
    return this.record('depthwiseConv2d', [x, filter], convShape(x.shape, filter.shape, options, true), { ...options });
  }

  matMul(a: Node, b: Node, options: { readonly transposeA: boolean; readonly transposeB: boolean }): Node {
    const shape = matMulShape(a.shape, b.shape, options.transposeA, options.transposeB);
    return this.record('matMul', [a, b], shape, { ...options });
  }

  add(a: Node, b: Node): Node {
    return this.binary('add', a, b);
  }

  sub(a: Node, b: Node): Node {
    return this.binary('sub', a, b);
  }

  mul(a: Node, b: Node): Node {
    return this.binary('mul', a, b);
  }

  div(a: Node, b: Node): Node {
    return this.binary('div', a, b);
  }

  maximum(a: Node, b: Node): Node {
    return this.binary('maximum', a, b);
  }

  neg(x: Node): Node {
    return this.unary('neg', x);
  }

  exp(x: Node): Node {
    return this.unary('exp', x);
  }

  log(x: Node): Node {
    return this.unary('log', x);
  }

  sqrt(x: Node): Node {
    return this.unary('sqrt', x);
  }

  square(x: Node): Node {
    return this.unary('square', x);
  }

  abs(x: Node): Node {
    return this.unary('abs', x);
  }

  relu(x: Node): Node {
    return this.unary('relu', x);
  }

  relu6(x: Node): Node {
    return this.unary('relu6', x);
  }

  leakyRelu(x: Node, slope: number): Node {
    return this.record('leakyRelu', [x], x.shape, { slope });
  }

  sigmoid(x: Node): Node {
    return this.unary('sigmoid', x);
  }

  tanh(x: Node): Node {
    return this.unary('tanh', x);
  }

  softplus(x: Node): Node {
    return this.unary('softplus', x);
  }

  step(x: Node): Node {
    return this.unary('step', x);
  }

  softmax(x: Node): Node {
    return this.unary('softmax', x);
  }

  logSoftmax(x: Node): Node {
    return this.unary('logSoftmax', x);
  }

  sum(x: Node, axes: readonly number[], keepDims: boolean): Node {
    return this.record('sum', [x], reducedShape(x.shape, axes, keepDims), { axes, keepDims });
  }

  reshape(x: Node, shape: Shape): Node {
    if (sizeOf(shape) !== sizeOf(x.shape)) throw new Error(`[${x.shape}] cannot become [${shape}]`);
    return this.record('reshape', [x], shape, {}, x.dtype);
  }

  transpose(x: Node, order: readonly number[]): Node {
    const shape = order.map((axis) => x.shape[axis]);
    return this.record('transpose', [x], shape, { order }, x.dtype);
  }

  concat(xs: readonly Node[], axis: number): Node {
    const first = xs[0].shape;
    for (const { shape } of xs)
      if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i]))
        throw new Error(`[${shape}] cannot be joined to [${first}] along axis ${axis}`);
    const length = xs.reduce((total, { shape }) => total + shape[axis], 0);
    return this.record('concat', xs, first.with(axis, length), { axis });
  }

  slice(x: Node, begin: readonly number[], size: readonly number[]): Node {
    if (begin.some((from, i) => from < 0 || size[i] < 0 || from + size[i] > x.shape[i]))
      throw new Error(`no slice [${begin}] of size [${size}] in [${x.shape}]`);
    return this.record('slice', [x], size, { begin, size }, x.dtype);
  }

  place(x: Node, begin: readonly number[], shape: Shape): Node {
    return this.record('place', [x], shape, { begin });
  }

  broadcastTo(x: Node, shape: Shape): Node {
    return this.record('broadcastTo', [x], shape);
  }

  gather(table: Node, indices: Node): Node {
    return this.record('gather', [table, indices], [...indices.shape, table.shape[1]]);
  }

  scatterAdd(x: Node, indices: Node, rows: number): Node {
    return this.record('scatterAdd', [x, indices], [rows, x.shape.at(-1)!]);
  }

  oneHot(labels: Node, depth: number): Node {
    return this.record('oneHot', [labels], [...labels.shape, depth]);
  }

  conv2dInputGradient(dy: Node, filter: Node, inputShape: Shape, options: Convolution): Node {
    return this.record('conv2dInputGradient', [dy, filter], inputShape, { ...options });
  }

  conv2dFilterGradient(x: Node, dy: Node, filterShape: Shape, options: Convolution): Node {
    return this.record('conv2dFilterGradient', [x, dy], filterShape, { ...options });
  }

  depthwiseConv2dInputGradient(dy: Node, filter: Node, inputShape: Shape, options: Convolution): Node {
    return this.record('depthwiseConv2dInputGradient', [dy, filter], inputShape, { ...options });
  }

  depthwiseConv2dFilterGradient(x: Node, dy: Node, filterShape: Shape, options: Convolution): Node {
    return this.record('depthwiseConv2dFilterGradient', [x, dy], filterShape, { ...options });
  }

  maxPool(x: Node, options: Pooling): Node {
    return this.record('maxPool', [x], poolShape(x.shape, options), { ...options });
  }

  maxPoolGradient(x: Node, _y: Node, dy: Node, options: Pooling): Node {
    return this.record('maxPoolGradient', [x, dy], x.shape, { ...options });
  }

  averagePool(x: Node, options: Pooling): Node {
    return this.record('averagePool', [x], poolShape(x.shape, options), { ...options });
  }

  averagePoolGradient(dy: Node, inputShape: Shape, options: Pooling): Node {
    return this.record('averagePoolGradient', [dy], inputShape, { ...options });
  }

  resizeBilinear(x: Node, size: readonly [number, number], convention: ResizeConvention): Node {
    return this.record('resizeBilinear', [x], resized(x, size), { convention });
  }

  resizeBilinearGradient(dy: Node, size: readonly [number, number], convention: ResizeConvention): Node {
    return this.record('resizeBilinearGradient', [dy], resized(dy, size), { convention });
  }

  resizeNearest(x: Node, size: readonly [number, number]): Node {
    return this.record('resizeNearest', [x], resized(x, size));
  }

  resizeNearestGradient(dy: Node, size: readonly [number, number]): Node {
    return this.record('resizeNearestGradient', [dy], resized(dy, size));
  }

  stopGradient(x: Node): Node {
    return this.record('identity', [x], x.shape, {}, x.dtype);
  }

  /** Records one operation; `attributes` and the shape are all that tells it from others on the same inputs. */
  record(
    operation: string,
    inputs: readonly Node[],
    shape: Shape,
    attributes: Attributes = {},
    dtype: Node['dtype'] = 'float32',
  ): Node {
    return { id: this.count++, operation, inputs, shape, dtype, attributes };
  }

  private unary(operation: string, x: Node): Node {
    return this.record(operation, [x], x.shape);
  }

  private binary(operation: string, a: Node, b: Node): Node {
    return this.record(operation, [a, b], broadcastShape(a.shape, b.shape));
  }

  private leaf(leaf: Leaf, shape: Shape, dtype: Node['dtype'] = 'float32'): Node {
    return { id: this.count++, operation: leaf.kind, inputs: [], shape, dtype, attributes: {}, leaf };
  }
}

function resized({ shape }: Node, [height, width]: readonly [number, number]): Shape {
  return [shape[0], height, width, shape[3]];
}

import type { Convolution, Pooling, PrimitiveOps } from './gradients/primitives.ts';
import type { Transposition } from './gradients/products.ts';
import type { Parameter } from './parameter.ts';
import { broadcastShape, type Padding, type Shape, sizeOf, windowOutput } from './shape.ts';

/** A value known only by its shape. */
export interface Shaped {
  readonly shape: Shape;
}

function unfit(operation: string, ...shapes: Shape[]): never {
  throw new Error(`${operation} does not fit the shapes ${shapes.map((shape) => `[${shape}]`).join(', ')}`);
}

function windows(
  [n, height, width]: Shape,
  [kh, kw]: Shape,
  channels: number,
  { stride, dilation = 1, padding }: { stride: number; dilation?: number; padding: Padding },
): Shape {
  const grid = [
    windowOutput(height, kh, stride, dilation, padding[0] + padding[1]),
    windowOutput(width, kw, stride, dilation, padding[2] + padding[3]),
  ];
  if (grid.some((size) => !(size > 0))) {
    throw new Error(`a window of ${kh}x${kw}, dilation ${dilation}, does not fit a map of ${height}x${width}`);
  }
  return [n, ...grid, channels];
}

/**
 * The interpreter that only computes shapes: it checks a program and yields the shapes of its outputs before anything
 * is allocated. Operations on shapes that do not fit throw.
 */
export class ShapeOps implements PrimitiveOps<Shaped> {
  readonly training: boolean;

  constructor(training: boolean) {
    this.training = training;
  }

  shape(x: Shaped): Shape {
    return x.shape;
  }

  parameter({ shape }: Parameter): Shaped {
    return { shape };
  }
  constant(values: Float32Array | readonly number[], shape: Shape): Shaped {
    if (values.length !== sizeOf(shape)) {
      throw new Error(`a constant of shape [${shape}] needs ${sizeOf(shape)} values, not ${values.length}`);
    }
    return { shape };
  }
  scalar(): Shaped {
    return { shape: [] };
  }
  normal(shape: Shape): Shaped {
    return { shape };
  }
  bernoulli(shape: Shape): Shaped {
    return { shape };
  }

  conv2d({ shape: x }: Shaped, { shape: filter }: Shaped, options: Convolution): Shaped {
    if (x.length !== 4 || filter.length !== 4 || x[3] !== filter[1]) unfit('conv2d', x, filter);
    return { shape: windows(x, filter.slice(2), filter[0], options) };
  }
  depthwiseConv2d({ shape: x }: Shaped, { shape: filter }: Shaped, options: Convolution): Shaped {
    const fits = x.length === 4 && filter.length === 4 && filter[0] === x[3] && filter[1] === 1;
    if (!fits) unfit('depthwiseConv2d', x, filter);
    return { shape: windows(x, filter.slice(2), x[3], options) };
  }
  conv2dInputGradient(_dy: Shaped, _filter: Shaped, shape: Shape): Shaped {
    return { shape };
  }
  conv2dFilterGradient(_x: Shaped, _dy: Shaped, shape: Shape): Shaped {
    return { shape };
  }
  depthwiseConv2dInputGradient(_dy: Shaped, _filter: Shaped, shape: Shape): Shaped {
    return { shape };
  }
  depthwiseConv2dFilterGradient(_x: Shaped, _dy: Shaped, shape: Shape): Shaped {
    return { shape };
  }
  matMul({ shape: a }: Shaped, { shape: b }: Shaped, { transposeA, transposeB }: Transposition): Shaped {
    const [m, k] = transposeA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)];
    const [l, n] = transposeB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
    const ranks = a.length === b.length && (a.length === 2 || (a.length === 3 && a[0] === b[0]));
    if (!ranks || k !== l || m === undefined || n === undefined) unfit('matMul', a, b);
    return { shape: [...a.slice(0, -2), m, n] };
  }

  private broadcast(a: Shaped, b: Shaped): Shaped {
    return { shape: broadcastShape(a.shape, b.shape) };
  }
  add(a: Shaped, b: Shaped): Shaped {
    return this.broadcast(a, b);
  }
  sub(a: Shaped, b: Shaped): Shaped {
    return this.broadcast(a, b);
  }
  mul(a: Shaped, b: Shaped): Shaped {
    return this.broadcast(a, b);
  }
  div(a: Shaped, b: Shaped): Shaped {
    return this.broadcast(a, b);
  }
  maximum(a: Shaped, b: Shaped): Shaped {
    return this.broadcast(a, b);
  }
  private same({ shape }: Shaped): Shaped {
    return { shape };
  }
  neg = this.same;
  exp = this.same;
  log = this.same;
  sqrt = this.same;
  square = this.same;
  abs = this.same;
  relu = this.same;
  relu6 = this.same;
  leakyRelu = this.same;
  sigmoid = this.same;
  tanh = this.same;
  softplus = this.same;
  softmax = this.same;
  logSoftmax = this.same;
  step = this.same;
  stopGradient = this.same;

  sum({ shape }: Shaped, axes: readonly number[], keepDims: boolean): Shaped {
    const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n));
    return { shape: keepDims ? kept : shape.filter((_, i) => !axes.includes(i)) };
  }

  reshape(x: Shaped, shape: Shape): Shaped {
    if (sizeOf(x.shape) !== sizeOf(shape)) unfit('reshape', x.shape, shape);
    return { shape };
  }
  transpose({ shape }: Shaped, order: readonly number[]): Shaped {
    if (order.length !== shape.length || new Set(order).size !== shape.length) unfit(`transpose to [${order}]`, shape);
    return { shape: order.map((axis) => shape[axis]) };
  }
  concat(xs: readonly Shaped[], axis: number): Shaped {
    const [first, ...others] = xs.map((x) => x.shape);
    const fits = (shape: Shape) => shape.length === first.length && shape.every((n, i) => i === axis || n === first[i]);
    if (!others.every(fits)) unfit(`concat on axis ${axis}`, first, ...others);
    const length = xs.reduce((sum, { shape }) => sum + shape[axis], 0);
    return { shape: first.map((n, i) => (i === axis ? length : n)) };
  }
  slice({ shape }: Shaped, begin: readonly number[], size: readonly number[]): Shaped {
    const fits = shape.every((n, i) => begin[i] >= 0 && size[i] >= 0 && begin[i] + size[i] <= n);
    if (!fits || begin.length !== shape.length) unfit(`slice at [${begin}] of size [${size}]`, shape);
    return { shape: size };
  }
  place(x: Shaped, begin: readonly number[], shape: Shape): Shaped {
    if (!shape.every((n, i) => begin[i] + x.shape[i] <= n)) unfit(`place at [${begin}]`, x.shape, shape);
    return { shape };
  }
  broadcastTo(x: Shaped, shape: Shape): Shaped {
    if (`${broadcastShape(x.shape, shape)}` !== `${shape}`) unfit('broadcastTo', x.shape, shape);
    return { shape };
  }
  gather({ shape: table }: Shaped, { shape: indices }: Shaped): Shaped {
    if (table.length !== 2) unfit('gather', table, indices);
    return { shape: [...indices, table[1]] };
  }
  scatterAdd({ shape }: Shaped, _indices: Shaped, rows: number): Shaped {
    return { shape: [rows, shape[shape.length - 1]] };
  }
  oneHot({ shape }: Shaped, depth: number): Shaped {
    return { shape: [...shape, depth] };
  }

  private pool({ shape }: Shaped, options: Pooling): Shaped {
    if (shape.length !== 4) unfit('pooling', shape);
    return { shape: windows(shape, [options.size, options.size], shape[3], options) };
  }
  maxPool(x: Shaped, options: Pooling): Shaped {
    return this.pool(x, options);
  }
  averagePool(x: Shaped, options: Pooling): Shaped {
    return this.pool(x, options);
  }
  maxPoolGradient({ shape }: Shaped): Shaped {
    return { shape };
  }
  averagePoolGradient(_dy: Shaped, shape: Shape): Shaped {
    return { shape };
  }
  private resize({ shape: [n, , , channels] }: Shaped, [height, width]: readonly [number, number]): Shaped {
    return { shape: [n, height, width, channels] };
  }
  resizeBilinear = this.resize;
  resizeBilinearGradient = this.resize;
  resizeNearest = this.resize;
  resizeNearestGradient = this.resize;
}

import type { Convolution, Pooling, PrimitiveOps } from '../gradients/primitives.ts';
import type { ResizeConvention } from '../ops.ts';
import type { Parameter } from '../parameter.ts';
import { broadcastShape, type Shape, sizeOf } from '../shape.ts';
import {
  type Exact,
  exact,
  type Grid,
  type Line,
  nearest,
  offset,
  positions,
  source,
  tent,
  windowGrid,
  windows,
} from './positions.suite.ts';

/**
 * The operations in double precision on the host, each written in the most obvious way: what engines are compared with.
 * `weights` stands in for parameters, so that they can be varied beyond single precision.
 */
export class Oracle implements PrimitiveOps<Exact> {
  readonly training = false;
  private readonly weights: ReadonlyMap<Parameter, Exact>;

  constructor(weights: ReadonlyMap<Parameter, Exact>) {
    this.weights = weights;
  }

  shape(x: Exact): Shape {
    return x.shape;
  }

  parameter(parameter: Parameter): Exact {
    return this.weights.get(parameter) ?? exact(parameter.shape, parameter.values);
  }
  constant(values: Float32Array | readonly number[], shape: Shape): Exact {
    return exact(shape, values);
  }
  scalar(value: number): Exact {
    return exact([], [value]);
  }
  normal(): Exact {
    throw new Error('the oracle draws no noise');
  }
  bernoulli = this.normal;

  // ---- convolutions and products
  private convolve(
    inputShape: Shape,
    filterShape: Shape,
    options: Convolution,
    visit: (y: number, x: number, w: number) => void,
  ): Shape {
    const [outputs, inputs, kh, kw] = filterShape;
    const [n, , , channels] = inputShape;
    const depthwise = inputs === 1 && outputs === channels && channels > 1;
    const shape = [n, ...windowGrid(inputShape, [kh, kw], options), outputs];
    for (const { image, to, from, tap } of windows(inputShape, [kh, kw], options)) {
      const [y, x] = [offset(shape, [image, ...to, 0]), offset(inputShape, [image, ...from, 0])];
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++) visit(y + o, x + (depthwise ? o : i), (o * inputs + i) * kh * kw + tap);
    }
    return shape;
  }
  conv2d(x: Exact, filter: Exact, options: Convolution): Exact {
    const sums: number[] = [];
    const shape = this.convolve(x.shape, filter.shape, options, (o, i, w) => {
      sums[o] = (sums[o] ?? 0) + x.data[i] * filter.data[w];
    });
    return exact(
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => sums[i] ?? 0),
    );
  }
  conv2dInputGradient(dy: Exact, filter: Exact, inputShape: Shape, options: Convolution): Exact {
    const dx = new Float64Array(sizeOf(inputShape));
    this.convolve(inputShape, filter.shape, options, (o, i, w) => {
      dx[i] += dy.data[o] * filter.data[w];
    });
    return exact(inputShape, dx);
  }
  conv2dFilterGradient(x: Exact, dy: Exact, filterShape: Shape, options: Convolution): Exact {
    const dfilter = new Float64Array(sizeOf(filterShape));
    this.convolve(x.shape, filterShape, options, (o, i, w) => {
      dfilter[w] += dy.data[o] * x.data[i];
    });
    return exact(filterShape, dfilter);
  }
  depthwiseConv2d = this.conv2d;
  depthwiseConv2dInputGradient = this.conv2dInputGradient;
  depthwiseConv2dFilterGradient = this.conv2dFilterGradient;
  matMul(a: Exact, b: Exact, options: { readonly transposeA: boolean; readonly transposeB: boolean }): Exact {
    const turned = (x: Exact, turn: boolean) => {
      const order = x.shape.map((_, i) => i);
      return turn ? this.transpose(x, [...order.slice(0, -2), order.length - 1, order.length - 2]) : x;
    };
    const [left, right] = [turned(a, options.transposeA), turned(b, options.transposeB)];
    const [m, k] = left.shape.slice(-2);
    const n = right.shape[right.shape.length - 1];
    const shape = [...left.shape.slice(0, -2), m, n];
    const values = [...positions(shape)].map((position) => {
      const [batch, [i, j]] = [position.slice(0, -2), position.slice(-2)];
      let sum = 0;
      for (let l = 0; l < k; l++)
        sum += left.data[offset(left.shape, [...batch, i, l])] * right.data[offset(right.shape, [...batch, l, j])];
      return sum;
    });
    return exact(shape, values);
  }

  // ---- element-wise
  private binary(a: Exact, b: Exact, f: (a: number, b: number) => number): Exact {
    const shape = broadcastShape(a.shape, b.shape);
    const values = [...positions(shape)].map((p) => f(a.data[source(a.shape, p)], b.data[source(b.shape, p)]));
    return exact(shape, values);
  }
  private unary({ shape, data }: Exact, f: (x: number) => number): Exact {
    return exact(shape, data.map(f));
  }
  add = (a: Exact, b: Exact) => this.binary(a, b, (x, y) => x + y);
  sub = (a: Exact, b: Exact) => this.binary(a, b, (x, y) => x - y);
  mul = (a: Exact, b: Exact) => this.binary(a, b, (x, y) => x * y);
  div = (a: Exact, b: Exact) => this.binary(a, b, (x, y) => x / y);
  maximum = (a: Exact, b: Exact) => this.binary(a, b, Math.max);
  neg = (x: Exact) => this.unary(x, (v) => -v);
  exp = (x: Exact) => this.unary(x, Math.exp);
  log = (x: Exact) => this.unary(x, Math.log);
  sqrt = (x: Exact) => this.unary(x, Math.sqrt);
  square = (x: Exact) => this.unary(x, (v) => v * v);
  abs = (x: Exact) => this.unary(x, Math.abs);
  relu = (x: Exact) => this.unary(x, (v) => Math.max(v, 0));
  relu6 = (x: Exact) => this.unary(x, (v) => Math.min(Math.max(v, 0), 6));
  leakyRelu = (x: Exact, slope: number) => this.unary(x, (v) => (v > 0 ? v : slope * v));
  sigmoid = (x: Exact) => this.unary(x, (v) => 1 / (1 + Math.exp(-v)));
  tanh = (x: Exact) => this.unary(x, Math.tanh);
  softplus = (x: Exact) => this.unary(x, (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))));
  step = (x: Exact) => this.unary(x, (v) => (v > 0 ? 1 : 0));
  stopGradient = (x: Exact) => this.unary(x, (v) => v);

  // ---- reductions
  sum({ shape, data }: Exact, axes: readonly number[], keepDims: boolean): Exact {
    const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n));
    const sums = new Float64Array(sizeOf(kept));
    let i = 0;
    for (const position of positions(shape)) sums[source(kept, position)] += data[i++];
    return exact(keepDims ? kept : shape.filter((_, axis) => !axes.includes(axis)), sums);
  }
  logSoftmax(x: Exact): Exact {
    const k = x.shape[x.shape.length - 1];
    const values = [...x.data].map((v, i) => {
      const row = x.data.subarray(Math.floor(i / k) * k, Math.floor(i / k) * k + k);
      const highest = Math.max(...row);
      return v - highest - Math.log(row.reduce((sum, other) => sum + Math.exp(other - highest), 0));
    });
    return exact(x.shape, values);
  }
  softmax(x: Exact): Exact {
    return this.exp(this.logSoftmax(x));
  }

  // ---- form
  reshape(x: Exact, shape: Shape): Exact {
    return exact(shape, x.data);
  }
  private pick(shape: Shape, x: Exact, from: (position: number[]) => number[]): Exact {
    return exact(
      shape,
      [...positions(shape)].map((position) => x.data[offset(x.shape, from(position))]),
    );
  }
  transpose(x: Exact, order: readonly number[]): Exact {
    const shape = order.map((axis) => x.shape[axis]);
    return this.pick(shape, x, (position) => x.shape.map((_, axis) => position[order.indexOf(axis)]));
  }
  concat(xs: readonly Exact[], axis: number): Exact {
    const length = xs.reduce((sum, { shape }) => sum + shape[axis], 0);
    const shape = xs[0].shape.map((n, i) => (i === axis ? length : n));
    const values = [...positions(shape)].map((position) => {
      let index = position[axis];
      const part = xs.find(({ shape: own }) => {
        if (index < own[axis]) return true;
        index -= own[axis];
        return false;
      })!;
      return part.data[offset(part.shape, position.with(axis, index))];
    });
    return exact(shape, values);
  }
  slice(x: Exact, begin: readonly number[], size: readonly number[]): Exact {
    return this.pick(size, x, (position) => position.map((index, axis) => index + begin[axis]));
  }
  place(x: Exact, begin: readonly number[], shape: Shape): Exact {
    const values = new Float64Array(sizeOf(shape));
    let i = 0;
    for (const position of positions(x.shape))
      values[
        offset(
          shape,
          position.map((index, axis) => index + begin[axis]),
        )
      ] = x.data[i++];
    return exact(shape, values);
  }
  broadcastTo(x: Exact, shape: Shape): Exact {
    return exact(
      shape,
      [...positions(shape)].map((position) => x.data[source(x.shape, position)]),
    );
  }
  gather(table: Exact, indices: Exact): Exact {
    const c = table.shape[1];
    return exact(
      [...indices.shape, c],
      [...indices.data].flatMap((row) => [...table.data.subarray(row * c, row * c + c)]),
    );
  }
  scatterAdd(x: Exact, indices: Exact, rows: number): Exact {
    const c = x.shape[x.shape.length - 1];
    const sums = new Float64Array(rows * c);
    x.data.forEach((v, i) => {
      sums[indices.data[Math.floor(i / c)] * c + (i % c)] += v;
    });
    return exact([rows, c], sums);
  }
  oneHot(labels: Exact, depth: number): Exact {
    const values = [...labels.data].flatMap((label) => Array.from({ length: depth }, (_, k) => (k === label ? 1 : 0)));
    return exact([...labels.shape, depth], values);
  }

  // ---- windows and grids
  /** Offsets in the input of the cells of each of a pool's windows that are not padding. */
  private cells(inputShape: Shape, options: Pooling): { shape: Shape; cells: number[][] } {
    const [n, , , channels] = inputShape;
    const kernel = [options.size, options.size];
    const window = { ...options, dilation: 1 };
    const shape = [n, ...windowGrid(inputShape, kernel, window), channels];
    const cells = Array.from({ length: sizeOf(shape) }, (): number[] => []);
    for (const { image, to, from } of windows(inputShape, kernel, window))
      for (let c = 0; c < channels; c++)
        cells[offset(shape, [image, ...to, c])].push(offset(inputShape, [image, ...from, c]));
    return { shape, cells };
  }
  maxPool(x: Exact, options: Pooling): Exact {
    const { shape, cells } = this.cells(x.shape, options);
    const values = cells.map((window) => Math.max(...window.map((i) => x.data[i])));
    return exact(shape, values);
  }
  maxPoolGradient(): Exact {
    throw new Error('the oracle takes gradients of maxPool only numerically');
  }
  averagePool(x: Exact, options: Pooling): Exact {
    const { shape, cells } = this.cells(x.shape, options);
    const values = cells.map((window) => window.reduce((sum, i) => sum + x.data[i], 0) / window.length);
    return exact(shape, values);
  }
  averagePoolGradient(dy: Exact, inputShape: Shape, options: Pooling): Exact {
    const dx = new Float64Array(sizeOf(inputShape));
    this.cells(inputShape, options).cells.forEach((window, o) => {
      for (const i of window) dx[i] += dy.data[o] / window.length;
    });
    return exact(inputShape, dx);
  }
  private resize(x: Exact, size: Grid, line: Line, transposed: boolean): Exact {
    const [n, h, w, channels] = x.shape;
    const [big, small] = transposed ? [[h, w], size] : [size, [h, w]];
    const shape = [n, ...size, channels];
    const values = new Float64Array(sizeOf(shape));
    for (const [image, i, j, c] of positions([n, ...big, channels]))
      for (const [row, a] of line(small[0], big[0], i))
        for (const [column, b] of line(small[1], big[1], j)) {
          const [to, from] = transposed
            ? [
                [image, row, column, c],
                [image, i, j, c],
              ]
            : [
                [image, i, j, c],
                [image, row, column, c],
              ];
          values[offset(shape, to)] += a * b * x.data[offset(x.shape, from)];
        }
    return exact(shape, values);
  }
  resizeBilinear(x: Exact, size: Grid, convention: ResizeConvention): Exact {
    return this.resize(x, size, tent(convention), false);
  }
  resizeBilinearGradient(dy: Exact, size: Grid, convention: ResizeConvention): Exact {
    return this.resize(dy, size, tent(convention), true);
  }
  resizeNearest(x: Exact, size: Grid): Exact {
    return this.resize(x, size, nearest, false);
  }
  resizeNearestGradient(dy: Exact, size: Grid): Exact {
    return this.resize(dy, size, nearest, true);
  }
}

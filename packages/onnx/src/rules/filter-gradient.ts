import type { Shape } from '@unseen/tensor';
import type { NodeAttributes } from '../graph.ts';
import type { Lowering, LoweringRule } from '../lowering.ts';
import { physical } from '../lowering.ts';
import type { Node } from '../node.ts';
import { columns } from './filters.ts';
import { reversedWindow, type Window, windowOf } from './window.ts';

/** Limit for the columns of one product, so that they stay in cache. */
const columnBytes = 10e6;
/** Batches up to this size are processed image by image; larger ones, and tiny maps, become one product. */
const maxImages = 16;
const minPositions = 64;

interface Operands {
  readonly x: string;
  readonly dy: string;
  /** [n,c,h,w] */
  readonly xDims: Shape;
  readonly dyDims: Shape;
  readonly window: Window;
}

/** Sum over images of a·bᵀ for maps [n,a,..] and [n,b,..] with `positions` positions each: [a,b]. */
function products(to: Lowering, a: string[], b: string[], rows: Shape, positions: number): string {
  return a.reduce<string | undefined>((sum, part, i) => {
    const left = to.graph.reshape(part, [rows[0], positions]);
    const right = to.graph.reshape(b[i], [rows[1], positions]);
    return to.graph.op('Gemm', [left, right, ...(sum === undefined ? [] : [sum])], { transB: 1 });
  }, undefined) as string;
}

/** One product over the whole batch: [n,a,p]·[n,b,p] → [a,b]. */
function batchProduct(to: Lowering, a: string, b: string, [n, rows, columnsOfB]: Shape, positions: number): string {
  const matrix = (map: string, channels: number) => {
    if (positions === 1) return to.graph.reshape(map, [n, channels]);
    return to.graph.reshape(to.graph.transpose(to.graph.reshape(map, [n, channels, positions]), [1, 0, 2]), [
      channels,
      n * positions,
    ]);
  };
  const flags: NodeAttributes = positions === 1 ? { transA: 1 } : { transB: 1 };
  return to.graph.op('Gemm', [matrix(a, rows), matrix(b, columnsOfB)], flags);
}

interface ProductDims {
  readonly n: number;
  readonly rows: number;
  readonly channels: number;
  readonly taps: number;
  readonly positions: number;
}

/** a·bᵀ of maps [n,rows,p] and [n,channels,p], summed over the batch. */
function pointwise(to: Lowering, a: string, b: string, dims: ProductDims): string {
  const { n, rows, channels, positions } = dims;
  // Adding up one product per image moves less memory than separating the images, unless the filter outweighs the maps.
  if (n === 1 || positions < minPositions || rows * channels > (rows + channels) * positions)
    return chunked(to, a, b, dims, (map) => map, false);
  const operands = [to.graph.reshape(a, [n, rows, positions]), to.graph.reshape(b, [n, channels, positions])];
  const each = to.graph.op('FusedMatMul', operands, { transB: 1 }, { domain: 'com.microsoft' });
  return to.graph.op('ReduceSum', [each, to.graph.integers([0])], { keepdims: 0 });
}

/** `a` times the columns of `source`, in chunks of channels; the columns of the result are in filter order. */
function chunked(
  to: Lowering,
  a: string,
  source: string,
  dims: ProductDims,
  expand: (map: string, channels: number) => string,
  columnsFirst: boolean,
): string {
  const { n, rows, channels, taps, positions } = dims;
  const whole = n > maxImages || positions < minPositions;
  const images = whole ? n : 1;
  let parts = 1;
  while (channels % (parts * 2) === 0 && (channels / parts) * taps * positions * images * 4 > columnBytes) parts *= 2;
  const each = channels / parts;
  const product = (left: string[], right: string[], height: number, width: number) =>
    whole
      ? batchProduct(to, left[0], right[0], [n, height, width], positions)
      : products(to, left, right, [height, width], positions);
  const separate = (map: string) => (whole ? [map] : to.graph.split(map, n, 1, 0));
  const as = separate(a);
  const sources = separate(source).map((map) => to.graph.split(map, parts, each, 1));
  const results = Array.from({ length: parts }, (_, i) => {
    const cols = sources.map((chunks) => expand(chunks[i], each));
    return columnsFirst ? product(cols, as, each * taps, rows) : product(as, cols, rows, each * taps);
  });
  return parts === 1 ? results[0] : to.graph.op('Concat', results, { axis: columnsFirst ? 0 : 1 });
}

/** [out,in,kh,kw] as a product of dy with columns of x, or of columns of dy with x where dy is much thinner. */
function filterGradient(to: Lowering, node: Node, { x, dy, xDims, dyDims, window }: Operands): void {
  const [n, inputs, height, width] = xDims;
  const [, out, outHeight, outWidth] = dyDims;
  const taps = window.kernel[0] * window.kernel[1];
  const positions = outHeight * outWidth;
  const unpadded = window.padding.every((size) => size === 0);
  if (taps === 1 && unpadded) {
    const { stride } = window;
    const { graph } = to;
    const bounds = [graph.integers([0, 0]), graph.integers([height, width]), graph.integers([2, 3])];
    const taken = stride === 1 ? x : graph.op('Slice', [x, ...bounds, graph.integers([stride, stride])]);
    const dims = { n, rows: out, channels: inputs, taps, positions };
    to.setFlat(node, pointwise(to, dy, taken, dims), [out, inputs]);
    return;
  }
  const reversed = reversedWindow(window);
  if (reversed && out < 0.75 * inputs) {
    const expand = (map: string, channels: number) => columns(to, map, channels, reversed, true);
    const dims = { n, rows: inputs, channels: out, taps, positions: height * width };
    const matrix = chunked(to, x, dy, dims, expand, true);
    const transposed = to.graph.transpose(to.graph.reshape(matrix, [out, taps, inputs]), [0, 2, 1]);
    to.setFlat(node, transposed, [out, inputs, taps]);
    return;
  }
  const expand = (map: string, channels: number) => columns(to, map, channels, window);
  const matrix = chunked(to, dy, x, { n, rows: out, channels: inputs, taps, positions }, expand, false);
  to.setFlat(node, matrix, [out, inputs * taps]);
}

function operands(to: Lowering, node: Node): Operands {
  const [x, dy] = node.inputs;
  return {
    x: to.nchw(x),
    dy: to.nchw(dy),
    xDims: physical(x.shape, 'nchw'),
    dyDims: physical(dy.shape, 'nchw'),
    window: windowOf(node, node.shape),
  };
}

/** Lowering of the gradients of convolutions with respect to their filters. */
export const filterGradientLowering: Readonly<Record<string, LoweringRule>> = {
  conv2dFilterGradient: (to, node) => filterGradient(to, node, operands(to, node)),

  depthwiseConv2dFilterGradient(to, node) {
    const { x, dy, xDims, dyDims, window } = operands(to, node);
    const [n, channels] = xDims;
    const taps = window.kernel[0] * window.kernel[1];
    const positions = dyDims[2] * dyDims[3];
    const cols = to.graph.reshape(columns(to, x, channels, window), [n, channels, taps, positions]);
    const product = to.graph.op('MatMul', [cols, to.graph.reshape(dy, [n, channels, positions, 1])]);
    to.setFlat(node, to.graph.op('ReduceSum', [product, to.graph.integers([0, 3])], { keepdims: 0 }), [channels, taps]);
  },
};

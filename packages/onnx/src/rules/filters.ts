import type { Lowering } from '../lowering.ts';
import { convAttributes, type Window } from './window.ts';

/** Rows of an identity matrix, repeated `times`; reversed: from the last to the first. */
function unitRows(size: number, times: number, reversed: boolean): Float32Array {
  const rows = new Float32Array(times * size * size);
  for (let t = 0; t < times; t++)
    for (let i = 0; i < size; i++) rows[(t * size + i) * size + (reversed ? size - 1 - i : i)] = 1;
  return rows;
}

/**
 * im2col as a depthwise convolution with one-hot filters: [n,c,h,w] → [n, c·kh·kw, h', w']. It runs on all threads,
 * writes each value once and supports strides, dilations and padding.
 */
export function columns(to: Lowering, x: string, channels: number, window: Window, reversed = false): string {
  const [kh, kw] = window.kernel;
  const key = `one-hot filters ${channels} ${kh} ${kw} ${reversed}`;
  const filters = to.memo(key, () => unitRows(kh * kw, channels, reversed));
  const filter = to.graph.constant(filters, [channels * kh * kw, 1, kh, kw]);
  return to.graph.op('Conv', [x, filter], convAttributes(window, { group: channels }));
}

/** Multiplying rows of taps by this matrix reverses them. */
export function reversal(to: Lowering, taps: number): string {
  const rows = to.memo(`reversal ${taps}`, () => unitRows(taps, 1, true));
  return to.graph.constant(rows, [taps, taps]);
}

/** The filters of a depthwise convolution's gradient, with reversed taps. */
export function reversedFilters(to: Lowering, filter: string, shape: readonly number[]): string {
  const [channels, , kh, kw] = shape;
  const taps = kh * kw;
  if (taps === 1) return filter;
  const rows = to.graph.op('MatMul', [to.graph.reshape(filter, [channels, taps]), reversal(to, taps)]);
  return to.graph.reshape(rows, shape);
}

/**
 * Filters [out,in,kh,kw] as those of the gradient, [in,out,kh,kw] with reversed taps. A matrix transposition followed
 * by a product with a permutation that transposes its other operand is three times faster than permuting four axes and
 * gathering the taps.
 */
export function transposedFilters(to: Lowering, filter: string, [out, inputs, kh, kw]: readonly number[]): string {
  const taps = kh * kw;
  const { graph } = to;
  const matrix = graph.transpose(graph.reshape(filter, [out, inputs * taps]), [1, 0]);
  if (taps === 1) return graph.reshape(matrix, [inputs, out, 1, 1]);
  const operands = [graph.reshape(matrix, [inputs, taps, out]), reversal(to, taps)];
  const filters = graph.op('FusedMatMul', operands, { transA: 1 }, { domain: 'com.microsoft' });
  return graph.reshape(filters, [inputs, out, kh, kw]);
}

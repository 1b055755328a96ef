import type { Padding } from '@unseen/tensor';
import type { NodeAttributes } from '../graph.ts';
import type { Lowering, LoweringRule } from '../lowering.ts';
import { type Node, number, numbers } from '../node.ts';

/** A convolution's kernel and options, taken from its node. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Padding;
}

/** The window of a convolution node with a filter of shape [.., .., kh, kw]. */
export function windowOf(node: Node, [, , kh, kw]: readonly number[]): Window {
  return {
    kernel: [kh, kw],
    stride: number(node, 'stride'),
    dilation: number(node, 'dilation'),
    padding: numbers(node, 'padding') as unknown as Padding,
  };
}

/** ONNX's attributes of a window. */
export function convAttributes(
  { kernel, stride, dilation, padding }: Window,
  more: NodeAttributes = {},
): NodeAttributes {
  const [top, bottom, left, right] = padding;
  return {
    kernel_shape: kernel,
    strides: [stride, stride],
    dilations: [dilation, dilation],
    pads: [top, left, bottom, right],
    ...more,
  };
}

/** The window that carries a stride-1 convolution's gradient back to its input; `undefined` where it would crop. */
export function reversedWindow({ kernel: [kh, kw], stride, dilation, padding }: Window): Window | undefined {
  const [v, h] = [dilation * (kh - 1), dilation * (kw - 1)];
  const [top, bottom, left, right] = padding;
  const reversed: Padding = [v - top, v - bottom, h - left, h - right];
  return stride === 1 && reversed.every((size) => size >= 0)
    ? { kernel: [kh, kw], stride, dilation, padding: reversed }
    : undefined;
}

/** Rows of an identity matrix, repeated `times`; reversed: from the last to the first. */
function unitRows(size: number, times: number, reversed: boolean): Float32Array {
  const rows = new Float32Array(times * size * size);
  for (let t = 0; t < times; t++)
    for (let i = 0; i < size; i++) rows[(t * size + i) * size + (reversed ? size - 1 - i : i)] = 1;
  return rows;
}

/**
 * im2col as a depthwise convolution with one-hot filters: [n,c,h,w] → [n, c·kh·kw, h', w']. It runs on all threads,
 * writes once and knows strides, dilations and padding.
 */
export function columns(to: Lowering, x: string, channels: number, window: Window, reversed = false): string {
  const [kh, kw] = window.kernel;
  const key = `one-hot filters ${channels} ${kh} ${kw} ${reversed}`;
  const filters = to.memo(key, () => unitRows(kh * kw, channels, reversed));
  const filter = to.graph.constant(filters, [channels * kh * kw, 1, kh, kw]);
  return to.graph.op('Conv', [x, filter], convAttributes(window, { group: channels }));
}

function reversal(to: Lowering, taps: number): string {
  const rows = to.memo(`reversal ${taps}`, () => unitRows(taps, 1, true));
  return to.graph.constant(rows, [taps, taps]);
}

/** The filters of a depthwise convolution's gradient: the taps turned around. */
function reversedFilters(to: Lowering, filter: string, shape: readonly number[]): string {
  const [channels, , kh, kw] = shape;
  const taps = kh * kw;
  if (taps === 1) return filter;
  const rows = to.graph.op('MatMul', [to.graph.reshape(filter, [channels, taps]), reversal(to, taps)]);
  return to.graph.reshape(rows, shape);
}

/**
 * Filters [out,in,kh,kw] as those of the gradient, [in,out,kh,kw] with the taps turned around. A transposition of a
 * plain matrix, then a product with a permutation that transposes its other operand: three times faster than permuting
 * four axes and gathering the taps.
 */
function transposedFilters(to: Lowering, filter: string, [out, inputs, kh, kw]: readonly number[]): string {
  const taps = kh * kw;
  const { graph } = to;
  const matrix = graph.transpose(graph.reshape(filter, [out, inputs * taps]), [1, 0]);
  if (taps === 1) return graph.reshape(matrix, [inputs, out, 1, 1]);
  const operands = [graph.reshape(matrix, [inputs, taps, out]), reversal(to, taps)];
  const filters = graph.op('FusedMatMul', operands, { transA: 1 }, { domain: 'com.microsoft' });
  return graph.reshape(filters, [inputs, out, kh, kw]);
}

function convolve(to: Lowering, node: Node, group: number): void {
  const [x, filter, bias] = node.inputs;
  const inputs = [to.nchw(x), to.plain(filter), ...(bias ? [to.plain(bias)] : [])];
  to.set(node, 'nchw', to.graph.op('Conv', inputs, convAttributes(windowOf(node, filter.shape), { group })));
}

/** The gradient through a strided convolution, by ONNX's transposed convolution. */
function transposedConvolution(to: Lowering, node: Node, group: number): string {
  const [dy, filter] = node.inputs;
  const window = windowOf(node, filter.shape);
  const { kernel, stride, dilation, padding } = window;
  const rest = (axis: 0 | 1) => {
    const [before, after] = [padding[2 * axis], padding[2 * axis + 1]];
    const covered = (dy.shape[axis + 1] - 1) * stride + dilation * (kernel[axis] - 1) + 1 - before - after;
    return node.shape[axis + 1] - covered;
  };
  const attributes = convAttributes(window, { output_padding: [rest(0), rest(1)], group });
  return to.graph.op('ConvTranspose', [to.nchw(dy), to.plain(filter)], attributes);
}

function inputGradient(to: Lowering, node: Node, depthwise: boolean): void {
  const [dy, filter] = node.inputs;
  const group = depthwise ? filter.shape[0] : 1;
  const window = reversedWindow(windowOf(node, filter.shape));
  if (!window) {
    to.set(node, 'nchw', transposedConvolution(to, node, group));
    return;
  }
  const reversed = to.memo(`transposed ${filter.id} ${depthwise}`, () =>
    (depthwise ? reversedFilters : transposedFilters)(to, to.plain(filter), filter.shape),
  );
  to.set(node, 'nchw', to.graph.op('Conv', [to.nchw(dy), reversed], convAttributes(window, { group })));
}

/** Lowering of convolutions (a third input is a bias) and of their gradients with respect to the input. */
export const convolutionLowering: Readonly<Record<string, LoweringRule>> = {
  conv2d: (to, node) => convolve(to, node, 1),
  depthwiseConv2d: (to, node) => convolve(to, node, node.inputs[1].shape[0]),
  conv2dInputGradient: (to, node) => inputGradient(to, node, false),
  depthwiseConv2dInputGradient: (to, node) => inputGradient(to, node, true),
};

import { float } from '../graph.ts';
import type { Lowering, LoweringRule } from '../lowering.ts';
import type { Node } from '../node.ts';
import {
  type BlockedConvolution,
  blockedConvolution,
  blockedFilters,
  blockedGradientFilters,
  isBlocked,
} from './blocked.ts';
import { reversedFilters, transposedFilters } from './filters.ts';
import { convAttributes, reversedWindow, windowOf } from './window.ts';

/** ONNX Runtime fuses an activation that follows a convolution. */
function activated(to: Lowering, value: string, { activation, slope }: Node['attributes']): string {
  if (activation === 'relu') return to.graph.op('Relu', [value]);
  if (activation === 'leakyRelu') return to.graph.op('LeakyRelu', [value], { alpha: float(slope as number) });
  return value;
}

function convolve(to: Lowering, node: Node, group: number): void {
  const [x, filter, bias] = node.inputs;
  const window = windowOf(node, filter.shape);
  const [out, inputs] = filter.shape;
  const work: BlockedConvolution = { shape: node.shape, inputs, window };
  if (group === 1 && isBlocked(to, work, false)) {
    const filters = to.memo(`blocked ${filter.id}`, () => blockedFilters(to, to.plain(filter), filter.shape));
    const blocked = blockedConvolution(to, to.nchw(x), filters, work, bias && to.plain(bias), node.attributes);
    to.set(node, 'nchw', blocked);
    return;
  }
  const operands = [to.nchw(x), to.plain(filter), ...(bias ? [to.plain(bias)] : [])];
  const attributes = convAttributes(window, { group: group === 1 ? 1 : out });
  to.set(node, 'nchw', activated(to, to.graph.op('Conv', operands, attributes), node.attributes));
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
  const work: BlockedConvolution = { shape: node.shape, inputs: filter.shape[0], window };
  if (!depthwise && isBlocked(to, work, true)) {
    const key = `blocked gradient ${filter.id}`;
    const filters = to.memo(key, () => blockedGradientFilters(to, to.plain(filter), filter.shape));
    to.set(node, 'nchw', blockedConvolution(to, to.nchw(dy), filters, work));
    return;
  }
  const reversed = to.memo(`transposed ${filter.id} ${depthwise}`, () =>
    (depthwise ? reversedFilters : transposedFilters)(to, to.plain(filter), filter.shape),
  );
  to.set(node, 'nchw', to.graph.op('Conv', [to.nchw(dy), reversed], convAttributes(window, { group })));
}

/** Lowering of convolutions (a third input is a bias, and an activation may follow) and of their gradients with respect to the input. */
export const convolutionLowering: Readonly<Record<string, LoweringRule>> = {
  conv2d: (to, node) => convolve(to, node, 1),
  depthwiseConv2d: (to, node) => convolve(to, node, node.inputs[1].shape[0]),
  conv2dInputGradient: (to, node) => inputGradient(to, node, false),
  depthwiseConv2dInputGradient: (to, node) => inputGradient(to, node, true),
};

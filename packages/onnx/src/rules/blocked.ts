import { type Shape, sizeOf } from '@unseen/tensor';
import { float, type NodeAttributes } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import type { Attributes } from '../node.ts';
import { reversal } from './filters.ts';
import { convAttributes, type Window } from './window.ts';

/*
 * ONNX Runtime's own convolutions for maps whose channels lie in blocks ([n, c/b, h, w, b]) do a quarter more arithmetic
 * in the same time than those for plain maps. The runtime chooses them by itself where filters are constants; while
 * training they are not, so filters and maps are reordered in the graph. That pays except for small maps.
 */
const domain = 'com.microsoft.nchwc';
/** With fewer positions than this (in the whole batch), reordering the filters costs more than it saves. */
const minPositions = { forward: 1000, gradient: 400 };
const minChannels = 32;
/** The runtime's reordering kernel only takes multiples of this. */
const channelMultiple = 4;
/** A pointwise convolution has little arithmetic per value, so it pays only with many channels. */
const pointwise = { positions: 1500, channels: 250 };

/** A convolution of group 1: shape [n,h,w,out] of its result, channels of its input. */
export interface BlockedConvolution {
  readonly shape: Shape;
  readonly inputs: number;
  readonly window: Window;
}

/** Whether it pays to compute a convolution in blocks. */
export function isBlocked(to: Lowering, { shape, inputs, window }: BlockedConvolution, gradient: boolean): boolean {
  const [n, h, w, out] = shape;
  const positions = n * h * w;
  if (to.block === undefined || Math.min(inputs, out) < minChannels || inputs % channelMultiple > 0) return false;
  if (sizeOf(window.kernel) === 1)
    return positions >= pointwise.positions && (inputs * out) / (inputs + out) >= pointwise.channels;
  return positions >= (gradient ? minPositions.gradient : minPositions.forward);
}

function padded(n: number, block: number): number {
  return Math.ceil(n / block) * block;
}

/** Pads zeros at the end of each axis; `value` itself if there are none. */
function padAfter(to: Lowering, value: string, after: readonly number[]): string {
  if (after.every((n) => n === 0)) return value;
  return to.graph.op('Pad', [value, to.graph.integers([...after.map(() => 0), ...after])]);
}

/** Filters [out,in,kh,kw] in the order [out/b, in/b, kh, kw, in b, out b], whole blocks. */
export function blockedFilters(to: Lowering, filter: string, [out, inputs, kh, kw]: Shape): string {
  const { graph } = to;
  const block = to.block!;
  const taps = kh * kw;
  const [outs, ins] = [padded(out, block), padded(inputs, block)];
  const rows = padAfter(to, filter, [outs - out, 0, 0, 0]);
  const inner = graph.transpose(graph.reshape(rows, [outs / block, block, inputs * taps]), [0, 2, 1]);
  const whole = padAfter(to, inner, [0, (ins - inputs) * taps, 0]);
  const parts = graph.reshape(whole, [(outs * ins) / block ** 2, block, taps, block]);
  return graph.reshape(taps === 1 ? parts : graph.transpose(parts, [0, 2, 1, 3]), [outs, ins, kh, kw]);
}

/** The filters of the gradient, [in,out,kh,kw] with reversed taps, in the order of {@link blockedFilters}. */
export function blockedGradientFilters(to: Lowering, filter: string, [out, inputs, kh, kw]: Shape): string {
  const { graph } = to;
  const block = to.block!;
  const taps = kh * kw;
  const [outs, ins] = [padded(out, block), padded(inputs, block)];
  const whole = padAfter(to, filter, [outs - out, ins - inputs, 0, 0]);
  const columns = graph.reshape(whole, [(outs * ins) / block, block, taps]);
  const transposed =
    taps === 1
      ? columns
      : graph.op('FusedMatMul', [reversal(to, taps), columns], { transB: 1 }, { domain: 'com.microsoft' });
  const parts = graph.reshape(transposed, [outs / block, block, ins / block, taps, block]);
  return graph.reshape(graph.transpose(parts, [2, 0, 3, 1, 4]), [ins, outs, kh, kw]);
}

/** A convolution of a plain map with blocked filters; returns a plain map. */
export function blockedConvolution(
  to: Lowering,
  x: string,
  filters: string,
  { shape, window }: BlockedConvolution,
  bias?: string,
  { activation, slope }: Attributes = {},
): string {
  const channels = shape[3];
  const activations: NodeAttributes =
    activation === 'relu'
      ? { activation: 'Relu' }
      : activation === 'leakyRelu'
        ? { activation: 'LeakyRelu', activation_params: [float(slope as number)] }
        : {};
  const map = to.memo(`blocked map ${x}`, () => to.graph.op('ReorderInput', [x], {}, { domain }));
  const offset = bias && padAfter(to, bias, [padded(channels, to.block!) - channels]);
  const attributes = convAttributes(window, { group: 1, ...activations });
  const blocked = to.graph.op('Conv', [map, filters, ...(offset ? [offset] : [])], attributes, { domain });
  return to.graph.op('ReorderOutput', [blocked], { channels }, { domain });
}

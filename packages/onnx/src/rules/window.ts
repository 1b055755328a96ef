import type { Padding } from '@unseen/tensor';
import type { NodeAttributes } from '../graph.ts';
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

/**
 * The window of the convolution that takes the gradient of a stride-1 convolution back to its input; `undefined` if it
 * would crop.
 */
export function reversedWindow({ kernel: [kh, kw], stride, dilation, padding }: Window): Window | undefined {
  const [v, h] = [dilation * (kh - 1), dilation * (kw - 1)];
  const [top, bottom, left, right] = padding;
  const reversed: Padding = [v - top, v - bottom, h - left, h - right];
  return stride === 1 && reversed.every((size) => size >= 0)
    ? { kernel: [kh, kw], stride, dilation, padding: reversed }
    : undefined;
}

import type { Convolution } from './primitives.ts';
import type { Rule } from './rule.ts';

/** Attributes of a recorded matrix product. */
export interface Transposition {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Gradient rules of convolutions and matrix products; those of convolutions' gradients are convolutions again. */
export const productRules = {
  matMul: (({ ops, inputs: [a, b], dy, attributes: { transposeA, transposeB } }) => [
    () =>
      transposeA
        ? ops.matMul(b, dy, { transposeA: transposeB, transposeB: true })
        : ops.matMul(dy, b, { transposeA: false, transposeB: !transposeB }),
    () =>
      transposeB
        ? ops.matMul(dy, a, { transposeA: true, transposeB: transposeA })
        : ops.matMul(a, dy, { transposeA: !transposeA, transposeB: false }),
  ]) satisfies Rule<Transposition>,

  conv2d: (({ ops, inputs: [x, filter], dy, attributes: options }) => [
    () => ops.conv2dInputGradient(dy, filter, ops.shape(x), options),
    () => ops.conv2dFilterGradient(x, dy, ops.shape(filter), options),
  ]) satisfies Rule<Convolution>,

  conv2dInputGradient: (({ ops, inputs: [dy, filter], dy: g, attributes: options }) => [
    () => ops.conv2d(g, filter, options),
    () => ops.conv2dFilterGradient(g, dy, ops.shape(filter), options),
  ]) satisfies Rule<Convolution>,

  conv2dFilterGradient: (({ ops, inputs: [x, dy], dy: g, attributes: options }) => [
    () => ops.conv2dInputGradient(dy, g, ops.shape(x), options),
    () => ops.conv2d(x, g, options),
  ]) satisfies Rule<Convolution>,

  depthwiseConv2d: (({ ops, inputs: [x, filter], dy, attributes: options }) => [
    () => ops.depthwiseConv2dInputGradient(dy, filter, ops.shape(x), options),
    () => ops.depthwiseConv2dFilterGradient(x, dy, ops.shape(filter), options),
  ]) satisfies Rule<Convolution>,

  depthwiseConv2dInputGradient: (({ ops, inputs: [dy, filter], dy: g, attributes: options }) => [
    () => ops.depthwiseConv2d(g, filter, options),
    () => ops.depthwiseConv2dFilterGradient(g, dy, ops.shape(filter), options),
  ]) satisfies Rule<Convolution>,

  depthwiseConv2dFilterGradient: (({ ops, inputs: [x, dy], dy: g, attributes: options }) => [
    () => ops.depthwiseConv2dInputGradient(dy, g, ops.shape(x), options),
    () => ops.depthwiseConv2d(x, g, options),
  ]) satisfies Rule<Convolution>,
};

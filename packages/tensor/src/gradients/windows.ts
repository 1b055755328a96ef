import type { ResizeConvention } from '../ops.ts';
import type { Shape } from '../shape.ts';
import type { Pooling } from './primitives.ts';
import type { Rule } from './rule.ts';

const gridOf = ([, height, width]: Shape): readonly [number, number] => [height, width];

/** Gradient rules of pooling and resizing. */
export const windowRules = {
  maxPool: (({ ops, inputs: [x], output, dy, attributes: options }) => [
    () => ops.maxPoolGradient(x, output, dy, options),
  ]) satisfies Rule<Pooling>,

  maxPoolGradient: (() => {
    const unavailable = () => {
      throw new Error('the second derivative of maxPool is not available');
    };
    // The choice of the maximum is piecewise constant: nothing flows to x and y.
    return [undefined, undefined, unavailable];
  }) satisfies Rule,

  averagePool: (({ ops, inputs: [x], dy, attributes: options }) => [
    () => ops.averagePoolGradient(dy, ops.shape(x), options),
  ]) satisfies Rule<Pooling>,

  averagePoolGradient: (({ ops, dy: g, attributes: options }) => [
    () => ops.averagePool(g, options),
  ]) satisfies Rule<Pooling>,

  resizeBilinear: (({ ops, inputs: [x], dy, attributes: convention }) => [
    () => ops.resizeBilinearGradient(dy, gridOf(ops.shape(x)), convention),
  ]) satisfies Rule<ResizeConvention>,

  resizeBilinearGradient: (({ ops, inputs: [dy], dy: g, attributes: convention }) => [
    () => ops.resizeBilinear(g, gridOf(ops.shape(dy)), convention),
  ]) satisfies Rule<ResizeConvention>,

  resizeNearest: (({ ops, inputs: [x], dy }) => [
    () => ops.resizeNearestGradient(dy, gridOf(ops.shape(x))),
  ]) satisfies Rule,

  resizeNearestGradient: (({ ops, inputs: [dy], dy: g }) => [
    () => ops.resizeNearest(g, gridOf(ops.shape(dy))),
  ]) satisfies Rule,
};

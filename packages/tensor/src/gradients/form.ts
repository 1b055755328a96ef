import { sumTo } from './elementwise.ts';
import type { Rule } from './rule.ts';

/** Gradient rules of reductions and of operations that only move values. */
export const formRules = {
  sum: (({ ops, inputs: [x], dy, attributes: axes }) => [
    () => {
      const shape = ops.shape(x);
      const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n));
      return ops.broadcastTo(ops.reshape(dy, kept), shape);
    },
  ]) satisfies Rule<readonly number[]>,

  broadcastTo: (({ ops, inputs: [x], dy }) => [() => sumTo(ops, dy, ops.shape(x))]) satisfies Rule,

  softmax: (({ ops, output: y, dy }) => [
    () => ops.mul(y, ops.sub(dy, ops.sum(ops.mul(dy, y), [ops.shape(y).length - 1], true))),
  ]) satisfies Rule,

  logSoftmax: (({ ops, output: y, dy }) => [
    () => ops.sub(dy, ops.mul(ops.exp(y), ops.sum(dy, [ops.shape(y).length - 1], true))),
  ]) satisfies Rule,

  reshape: (({ ops, inputs: [x], dy }) => [() => ops.reshape(dy, ops.shape(x))]) satisfies Rule,

  transpose: (({ ops, dy, attributes: order }) => [
    () =>
      ops.transpose(
        dy,
        order.map((_, axis) => order.indexOf(axis)),
      ),
  ]) satisfies Rule<readonly number[]>,

  concat: (({ ops, inputs, dy, attributes: axis }) => {
    let end = 0;
    return inputs.map((x) => {
      const size = ops.shape(x);
      const begin = size.map((_, i) => (i === axis ? end : 0));
      end += size[axis];
      return () => ops.slice(dy, begin, size);
    });
  }) satisfies Rule<number>,

  slice: (({ ops, inputs: [x], dy, attributes: begin }) => [() => ops.place(dy, begin, ops.shape(x))]) satisfies Rule<
    readonly number[]
  >,

  place: (({ ops, inputs: [x], dy, attributes: begin }) => [() => ops.slice(dy, begin, ops.shape(x))]) satisfies Rule<
    readonly number[]
  >,

  gather: (({ ops, inputs: [table, indices], dy, attributes: distinct }) => [
    () => ops.scatterAdd(dy, indices, ops.shape(table)[0], distinct),
    undefined,
  ]) satisfies Rule<boolean>,

  scatterAdd: (({ ops, inputs: [, indices], dy, attributes: distinct }) => [
    () => ops.gather(dy, indices, { distinct }),
    undefined,
  ]) satisfies Rule<boolean>,
};

import { sizeOf } from '@unseen/tensor';
import { type LoweringRule, physical, physicalAxis } from '../lowering.ts';
import { number, numbers } from '../node.ts';
import { elementTypes } from '../schema.ts';

/** Lowering of reductions and of operations that only move values. */
export const formLowering: Readonly<Record<string, LoweringRule>> = {
  sum(to, node) {
    const [x] = node.inputs;
    const rank = x.shape.length;
    const layout = to.layoutFor([x]);
    const axes = numbers(node, 'axes');
    const keepDims = node.attributes.keepDims === true;
    const order = physical(
      x.shape.map((_, i) => i),
      layout,
    ).filter((axis) => !axes.includes(axis));
    const over = axes.map((axis) => physicalAxis(axis, rank, layout)).sort((a, b) => a - b);
    const sum = to.graph.op('ReduceSum', [to.get(x, layout), to.graph.integers(over)], { keepdims: keepDims ? 1 : 0 });
    if (keepDims) return to.set(node, layout, sum);
    // The remaining axes of a map are in memory order.
    const sorted = [...order].sort((a, b) => a - b);
    const inOrder = order.every((axis, i) => axis === sorted[i]);
    to.set(
      node,
      'plain',
      inOrder
        ? sum
        : to.graph.transpose(
            sum,
            sorted.map((axis) => order.indexOf(axis)),
          ),
    );
  },

  broadcastTo(to, node) {
    const layout = node.shape.length === 4 ? to.layoutFor(node.inputs) : 'plain';
    const size = to.graph.integers(physical(node.shape, layout));
    to.set(node, layout, to.graph.op('Expand', [to.get(node.inputs[0], layout), size]));
  },

  reshape(to, node) {
    to.setFlat(node, to.graph.reshape(to.memory(node.inputs[0]).name, node.shape), node.shape);
  },

  transpose(to, node) {
    const [x] = node.inputs;
    const layout = to.layoutFor([x]);
    const order = numbers(node, 'order').map((axis) => physicalAxis(axis, x.shape.length, layout));
    const value = to.get(x, layout);
    to.set(node, 'plain', order.every((axis, i) => axis === i) ? value : to.graph.transpose(value, order));
  },

  concat(to, node) {
    const layout = to.layoutFor(node.inputs);
    const axis = physicalAxis(number(node, 'axis'), node.shape.length, layout);
    to.set(
      node,
      layout,
      to.graph.op(
        'Concat',
        node.inputs.map((x) => to.get(x, layout)),
        { axis },
      ),
    );
  },

  slice(to, node) {
    const layout = to.layoutFor(node.inputs);
    const begin = physical(numbers(node, 'begin'), layout);
    const end = physical(node.shape, layout).map((n, i) => begin[i] + n);
    const source = physical(node.inputs[0].shape, layout);
    const axes = begin.flatMap((from, i) => (from > 0 || end[i] < source[i] ? [i] : []));
    const part = (values: number[]) => to.graph.integers(axes.map((axis) => values[axis]));
    const inputs = [to.get(node.inputs[0], layout), part(begin), part(end), to.graph.integers(axes)];
    to.set(node, layout, to.graph.op('Slice', inputs));
  },

  place(to, node) {
    const layout = to.layoutFor(node.inputs);
    const begin = physical(numbers(node, 'begin'), layout);
    const source = physical(node.inputs[0].shape, layout);
    const after = physical(node.shape, layout).map((n, i) => n - begin[i] - source[i]);
    const pads = to.graph.integers([...begin, ...after]);
    to.set(node, layout, to.graph.op('Pad', [to.get(node.inputs[0], layout), pads]));
  },

  gather(to, node) {
    to.set(
      node,
      'plain',
      to.graph.op(
        'Gather',
        node.inputs.map((x) => to.plain(x)),
        { axis: 0 },
      ),
    );
  },

  scatterAdd(to, node) {
    const { graph } = to;
    const [x, indices] = node.inputs;
    const [rows, channels] = node.shape;
    const count = sizeOf(indices.shape);
    const positions = graph.reshape(graph.op('Cast', [to.plain(indices)], { to: elementTypes.int64 }), [count, 1]);
    if (node.attributes.distinct) {
      const zeros = graph.op('ConstantOfShape', [graph.integers([rows, channels])]);
      const updates = graph.reshape(to.plain(x), [count, channels]);
      to.set(node, 'plain', graph.op('ScatterND', [zeros, positions, updates]));
      return;
    }
    // ScatterND adds on several threads at once, and loses sums where an index repeats; ScatterElements does not.
    const zeros = graph.op('ConstantOfShape', [graph.integers([rows * channels])]);
    const first = graph.op('Mul', [positions, graph.integers([channels])]);
    const places = graph.op('Add', [first, graph.integers(Array.from({ length: channels }, (_, c) => c))]);
    const flat = [graph.reshape(places, [-1]), graph.reshape(to.plain(x), [-1])];
    const sum = graph.op('ScatterElements', [zeros, ...flat], { axis: 0, reduction: 'add' });
    to.set(node, 'plain', graph.reshape(sum, [rows, channels]));
  },

  oneHot(to, node) {
    const [labels] = node.inputs;
    const depth = node.shape.at(-1)!;
    const classes = Int32Array.from({ length: depth }, (_, i) => i);
    const compare = (layout: 'plain' | 'nchw') => {
      const positions = to.graph.reshape(to.plain(labels), physical([...labels.shape, 1], layout));
      const compared = to.graph.constant(classes, layout === 'nchw' ? [depth, 1, 1] : [depth]);
      return to.graph.op('Cast', [to.graph.op('Equal', [positions, compared])], { to: elementTypes.float32 });
    };
    if (node.shape.length === 4) to.setEither(node, compare);
    else to.set(node, 'plain', compare('plain'));
  },
};

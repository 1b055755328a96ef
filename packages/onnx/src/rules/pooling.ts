import {
  averageFactors,
  interpolationMatrix,
  nearestIndices,
  nearestMatrix,
  type Padding,
  type ResizeConvention,
  sizeOf,
} from '@unseen/tensor';
import type { Lowering, LoweringRule } from '../lowering.ts';
import { physical } from '../lowering.ts';
import { type Node, number, numbers } from '../node.ts';
import { convAttributes, type Window } from './window.ts';

function poolWindow(node: Node): Window {
  const size = number(node, 'size');
  const padding = numbers(node, 'padding') as unknown as Padding;
  return { kernel: [size, size], stride: number(node, 'stride'), dilation: 1, padding };
}

/** The pooled map and, for its gradient, the flat index of each maximum. */
function maxPool(to: Lowering, node: Node, outputs: 1 | 2): string[] {
  const [x] = node.inputs;
  const { kernel_shape, strides, pads } = convAttributes(poolWindow(node));
  return to.memo(`maxPool ${x.id} ${JSON.stringify(node.attributes)}`, () =>
    to.graph.ops('MaxPool', [to.nchw(x)], { kernel_shape, strides, pads }, { outputs }),
  );
}

/** rows · map · columnsᵀ over the grid of every channel: [n,c,h,w] → [n,c,h',w']. */
function overGrid(to: Lowering, node: Node, rows: Float32Array, columnsT: Float32Array): void {
  const [x] = node.inputs;
  const [, h, w] = x.shape;
  const [, oh, ow] = node.shape;
  const wide = to.graph.op('MatMul', [to.nchw(x), to.graph.constant(columnsT, [w, ow])]);
  to.set(node, 'nchw', to.graph.op('MatMul', [to.graph.constant(rows, [oh, h]), wide]));
}

function resize(to: Lowering, node: Node, matrix: (from: number, to: number) => Float32Array, backward: boolean): void {
  const [, h, w] = node.inputs[0].shape;
  const [, oh, ow] = node.shape;
  const of = (from: number, target: number, transposed: boolean) => {
    const key = `${node.operation} ${from} ${target} ${transposed} ${node.attributes.convention}`;
    return to.memo(key, () => {
      // The gradient uses the transposed matrix of the forward pass.
      const [a, b] = backward ? [target, from] : [from, target];
      const values = matrix(a, b);
      return transposed === backward ? values : transposedMatrix(values, b, a);
    });
  };
  overGrid(to, node, of(h, oh, false), of(w, ow, true));
}

function transposedMatrix(values: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = values[i * cols + j];
  return out;
}

function bilinear(to: Lowering, node: Node, backward: boolean): void {
  const convention = node.attributes.convention as ResizeConvention;
  resize(to, node, (from, target) => interpolationMatrix(from, target, convention), backward);
}

/** Lowering of pooling and resizing, with their gradients. */
export const windowLowering: Readonly<Record<string, LoweringRule>> = {
  maxPool(to, node) {
    const options = JSON.stringify(node.attributes);
    const trained = to
      .users(node.inputs[0])
      .some((user) => user.operation === 'maxPoolGradient' && JSON.stringify(user.attributes) === options);
    to.set(node, 'nchw', maxPool(to, node, trained ? 2 : 1)[0]);
  },

  maxPoolGradient(to, node) {
    const [x, dy] = node.inputs;
    const { graph } = to;
    const [, indices] = maxPool(to, node, 2);
    const zeros = graph.op('ConstantOfShape', [graph.integers([sizeOf(x.shape)])]);
    const flat = [graph.reshape(indices, [-1]), graph.reshape(to.nchw(dy), [-1])];
    const sum = graph.op('ScatterElements', [zeros, ...flat], { axis: 0, reduction: 'add' });
    to.set(node, 'nchw', graph.reshape(sum, physical(x.shape, 'nchw')));
  },

  averagePool(to, node) {
    const { kernel_shape, strides, pads } = convAttributes(poolWindow(node));
    const attributes = { kernel_shape, strides, pads, count_include_pad: 0 };
    to.set(node, 'nchw', to.graph.op('AveragePool', [to.nchw(node.inputs[0])], attributes));
  },

  averagePoolGradient(to, node) {
    const [dy] = node.inputs;
    const [, h, w, channels] = node.shape;
    const [, oh, ow] = dy.shape;
    const window = poolWindow(node);
    const { kernel, stride, padding } = window;
    const counts = to.graph.constant(averageFactors([h, w], { size: kernel[0], stride, padding }), [1, 1, oh, ow]);
    const shares = to.graph.op('Mul', [to.nchw(dy), counts]);
    const covered = kernel[0] - padding[0] >= h && kernel[1] - padding[2] >= w;
    if (oh * ow === 1 && covered) {
      const size = to.graph.integers(physical(node.shape, 'nchw'));
      return to.set(node, 'nchw', to.graph.op('Expand', [shares, size]));
    }
    const ones = to.memo(`ones ${channels} ${kernel}`, () =>
      new Float32Array(channels * kernel[0] * kernel[1]).fill(1),
    );
    const rest = (size: number, out: number, k: number, pads: number) => size - ((out - 1) * stride + k - pads);
    const outputPadding = [
      rest(h, oh, kernel[0], padding[0] + padding[1]),
      rest(w, ow, kernel[1], padding[2] + padding[3]),
    ];
    const attributes = convAttributes(window, { group: channels, output_padding: outputPadding });
    const filter = to.graph.constant(ones, [channels, 1, ...kernel]);
    to.set(node, 'nchw', to.graph.op('ConvTranspose', [shares, filter], attributes));
  },

  resizeBilinear: (to, node) => bilinear(to, node, false),
  resizeBilinearGradient: (to, node) => bilinear(to, node, true),

  resizeNearest(to, node) {
    const [x] = node.inputs;
    const layout = to.layoutFor([x]);
    const [y, z] = layout === 'nchw' ? [2, 3] : [1, 2];
    const pick = (value: string, from: number, target: number, axis: number) =>
      to.graph.op('Gather', [value, to.graph.integers([...nearestIndices(from, target)])], { axis });
    const tall = pick(to.get(x, layout), x.shape[1], node.shape[1], y);
    to.set(node, layout, pick(tall, x.shape[2], node.shape[2], z));
  },

  resizeNearestGradient: (to, node) => resize(to, node, nearestMatrix, true),
};

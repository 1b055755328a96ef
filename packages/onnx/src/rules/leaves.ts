import { type Layout, type LoweringRule, noiseName, physical } from '../lowering.ts';
import type { Leaf, Node } from '../node.ts';

function leafOf<K extends Leaf['kind']>(node: Node, kind: K): Extract<Leaf, { kind: K }> {
  if (node.leaf?.kind !== kind) throw new Error(`'${node.operation}' is not a ${kind}`);
  return node.leaf as Extract<Leaf, { kind: K }>;
}

function transposedConstant(values: Float32Array, [n, h, w, c]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0, b = 0; b < n; b++)
    for (let k = 0; k < c; k++) for (let p = 0; p < h * w; p++) out[i++] = values[(b * h * w + p) * c + k];
  return out;
}

/** Lowering of the leaves: inputs of the graph, constants, noise. */
export const leafRules: Readonly<Record<string, LoweringRule>> = {
  input(to, node) {
    to.set(node, 'plain', to.programInput(leafOf(node, 'input').name, node.shape, node.dtype));
  },

  parameter(to, node) {
    to.set(node, 'plain', to.weight(leafOf(node, 'parameter').parameter));
  },

  constant(to, node) {
    const { values } = leafOf(node, 'constant');
    if (node.shape.length < 4) return to.set(node, 'plain', to.graph.constant(values, node.shape));
    to.setEither(node, (layout) =>
      layout === 'plain'
        ? to.graph.constant(values, node.shape)
        : to.graph.constant(transposedConstant(values, node.shape), physical(node.shape, 'nchw')),
    );
  },

  noise(to, node) {
    const { index, probability, scale = 1 } = leafOf(node, 'noise');
    if (probability === undefined) {
      to.set(node, 'plain', to.graph.input(noiseName(index), node.shape, 'float32'));
      return;
    }
    const ones = to.memo(noiseName(index), () => to.graph.input(noiseName(index), node.shape, 'uint8'));
    const turned = () => to.memo(`${noiseName(index)} turned`, () => to.graph.transpose(ones, [0, 3, 1, 2]));
    // Stored as bytes: a mask is read in both passes, and as floats it would be as large as what it masks.
    const numbers = (layout: Layout) =>
      to.graph.op('DequantizeLinear', [layout === 'plain' ? ones : turned(), to.graph.scalar(scale)]);
    if (node.shape.length === 4) to.setEither(node, numbers, true);
    else to.set(node, 'plain', numbers('plain'));
  },
};

import { type LoweringRule, noiseName, physical } from '../lowering.ts';
import type { Leaf, Node } from '../node.ts';
import { elementTypes } from '../schema.ts';

function leafOf<K extends Leaf['kind']>(node: Node, kind: K): Extract<Leaf, { kind: K }> {
  if (node.leaf?.kind !== kind) throw new Error(`'${node.operation}' is no ${kind}`);
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
    const ones = to.memo(noiseName(index), () => {
      const bytes = to.graph.input(noiseName(index), node.shape, 'uint8');
      return to.graph.op('Cast', [bytes], { to: elementTypes.float32 });
    });
    to.set(node, 'plain', scale === 1 ? ones : to.graph.op('Mul', [ones, to.graph.scalar(scale)]));
  },
};

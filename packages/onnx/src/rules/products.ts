import type { LoweringRule } from '../lowering.ts';

/** Lowering of matrix products; a third input is a bias [n]. */
export const productLowering: Readonly<Record<string, LoweringRule>> = {
  matMul(to, node) {
    const [a, b] = node.inputs;
    const { transposeA, transposeB } = node.attributes;
    if (a.shape.length === 2) {
      const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
      to.set(
        node,
        'plain',
        to.graph.op(
          'Gemm',
          node.inputs.map((x) => to.plain(x)),
          flags,
        ),
      );
      return;
    }
    const operand = (x: typeof a, transposed: unknown) =>
      transposed ? to.graph.transpose(to.plain(x), [0, 2, 1]) : to.plain(x);
    to.set(node, 'plain', to.graph.op('MatMul', [operand(a, transposeA), operand(b, transposeB)]));
  },
};

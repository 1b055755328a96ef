import type { Parameter, Shape } from '@unseen/tensor';
import { fuse } from './fuse.ts';
import type { OnnxGraph } from './graph.ts';
import { Lowering, type LoweringOptions } from './lowering.ts';
import { type Node, reachable } from './node.ts';
import { loweringRules } from './rules/index.ts';
import { simplify } from './simplify.ts';

/** A requested value: its name in the finished graph and its shape in the program. */
export interface Result {
  /** Values are in the memory order of {@link shape}; the graph may declare other sizes. */
  readonly shape: Shape;
  readonly name: string;
  readonly dims: Shape;
}

/** A graph with its inputs and results. */
export interface LoweredGraph {
  readonly graph: OnnxGraph;
  /** In the order of the requested values. */
  readonly results: readonly Result[];
  readonly parameters: ReadonlyMap<string, Parameter>;
}

/**
 * Simplifies everything that `wanted` depends on and translates it into one ONNX graph, whose outputs are not declared
 * yet.
 */
export function lower(wanted: readonly Node[], options: LoweringOptions = {}): LoweredGraph {
  const roots = fuse(simplify(wanted));
  const nodes = reachable(roots);
  const to = new Lowering(nodes, options);
  for (const node of nodes) {
    const rule = loweringRules.get(node.operation);
    if (!rule) throw new Error(`the operation '${node.operation}' has no lowering to ONNX`);
    rule(to, node);
  }
  const results = roots.map((root) => ({ shape: root.shape, ...to.memory(root) }));
  return { graph: to.graph, results, parameters: to.parameters };
}

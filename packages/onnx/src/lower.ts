import type { Parameter, Shape } from '@unseen/tensor';
import { fuse } from './fuse.ts';
import type { OnnxGraph } from './graph.ts';
import { Lowering, type LoweringOptions } from './lowering.ts';
import { type Node, reachable } from './node.ts';
import { loweringRules } from './rules/index.ts';
import { simplify } from './simplify.ts';

/** One wanted value in the finished graph: its name there, and its shape in the program. */
export interface Result {
  /** In memory the values lie in the order of {@link shape}; the graph may give other sizes. */
  readonly shape: Shape;
  readonly name: string;
  readonly dims: Shape;
}

/** A graph with what has to be fed to it and what it gives. */
export interface LoweredGraph {
  readonly graph: OnnxGraph;
  /** In the order of the wanted values. */
  readonly results: readonly Result[];
  readonly parameters: ReadonlyMap<string, Parameter>;
}

/** Simplifies what `wanted` depends on and translates it into one ONNX graph, not yet with outputs. */
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

/** What {@link schedule} has to know of an ONNX node: names of the values that it reads and makes. */
export interface ScheduledNode {
  readonly input: readonly string[];
  readonly output: readonly string[];
}

/**
 * The nodes of a graph in the order in which ONNX Runtime shall find them, so that it holds few values at a time.
 *
 * The runtime does not run nodes in the order of the file. It walks back from the nodes whose results nothing reads,
 * the last one of the file first, and makes the inputs of a node one after the other, again the one whose node comes
 * last in the file first. So nodes are sorted by the length of the way from the graph's inputs: what is made of weights
 * alone, and the steps of activations, then wait until just before their reader; and results come at the end, the
 * furthest first: the gradients of the last layer are finished before those of the layer below it are begun, and what
 * both directions keep is given back layer by layer.
 */
export function schedule<N extends ScheduledNode>(nodes: readonly N[]): N[] {
  const depths = new Map<string, number>();
  const read = new Set(nodes.flatMap(({ input }) => input));
  const keys = new Map<N, number>();
  for (const node of nodes) {
    const depth = 1 + Math.max(0, ...node.input.map((name) => depths.get(name) ?? 0));
    for (const name of node.output) depths.set(name, depth);
    keys.set(node, node.output.some((name) => read.has(name)) ? depth : Number.MAX_SAFE_INTEGER - depth);
  }
  return nodes.toSorted((a, b) => keys.get(a)! - keys.get(b)!);
}

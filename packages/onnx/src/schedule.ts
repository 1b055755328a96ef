/** The part of an ONNX node that {@link schedule} needs: the names of the values that it reads and writes. */
export interface ScheduledNode {
  readonly input: readonly string[];
  readonly output: readonly string[];
}

/**
 * Orders the nodes of a graph so that ONNX Runtime holds few values at a time.
 *
 * The runtime does not run nodes in the order of the file. It walks back from the nodes whose results nothing reads,
 * the last one in the file first, and computes the inputs of a node one after the other, again the one that comes last
 * in the file first. Nodes are therefore sorted by their distance from the graph's inputs: values that depend on
 * weights alone, and the steps of activations, are then computed just before they are read. Results come at the end,
 * the furthest first, so that the gradients of the last layer are finished before those of the layer below start, and
 * memory is released layer by layer.
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

import type { Parameter, Shape } from '@unseen/tensor';

/** What distinguishes two nodes with the same operation and inputs; plain data. */
export type Attributes = Readonly<Record<string, number | string | boolean | readonly number[] | undefined>>;

/** Origin of a leaf's values. */
export type Leaf =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly parameter: Parameter }
  | { readonly kind: 'constant'; readonly values: Float32Array }
  /** Normal, or ones with a probability, times a scale. */
  | { readonly kind: 'noise'; readonly index: number; readonly probability?: number; readonly scale?: number };

/** A recorded operation with its inputs and shape. Maps are [n,h,w,c] here. */
export interface Node {
  readonly id: number;
  readonly operation: string;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
  readonly attributes: Attributes;
  readonly leaf?: Leaf;
}

/** A list-valued attribute. */
export function numbers(node: Node, name: string): readonly number[] {
  return node.attributes[name] as readonly number[];
}

/** A numeric attribute. */
export function number(node: Node, name: string): number {
  return node.attributes[name] as number;
}

/** The value of a constant with one element, else `undefined`. */
export function constantValue(node: Node): number | undefined {
  return node.leaf?.kind === 'constant' && node.leaf.values.length === 1 ? node.leaf.values[0] : undefined;
}

/** The nodes that `roots` depend on, each after its inputs, in the order in which they were recorded. */
export function reachable(roots: Iterable<Node>): Node[] {
  const seen = new Set<Node>();
  const open = [...roots];
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

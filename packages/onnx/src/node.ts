import type { Parameter, Shape } from '@unseen/tensor';

/** What distinguishes two nodes of one operation on the same inputs; plain data. */
export type Attributes = Readonly<Record<string, number | string | boolean | readonly number[] | undefined>>;

/** Where a leaf's values come from. */
export type Leaf =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly parameter: Parameter }
  | { readonly kind: 'constant'; readonly values: Float32Array }
  /** Normal, or ones of a probability times a scale. */
  | { readonly kind: 'noise'; readonly index: number; readonly probability?: number; readonly scale?: number };

/** A recorded operation: what it computes, from what, and the shape it has. Maps are [n,h,w,c] here. */
export interface Node {
  readonly id: number;
  readonly operation: string;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
  readonly attributes: Attributes;
  readonly leaf?: Leaf;
}

/** An attribute that is a list of numbers. */
export function numbers(node: Node, name: string): readonly number[] {
  return node.attributes[name] as readonly number[];
}

/** An attribute that is one number. */
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

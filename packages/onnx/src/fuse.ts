import { sizeOf } from '@unseen/tensor';
import { type Node, reachable } from './node.ts';

/** Whether a value is one number per channel of `map`, laid out to broadcast over it. */
function perChannel(node: Node, channels: number): boolean {
  return node.shape.at(-1) === channels && sizeOf(node.shape) === channels;
}

/**
 * Moves an affine map of the channels after a convolution into its filter and bias (frozen batch norm: conv(x, w) · s +
 * b = conv(x, w·s) + b), and a bias after a matrix product into the product, if nothing else reads the values in
 * between. An activation that follows is attached to the convolution, so that one kernel does everything.
 */
export function fuse(roots: readonly Node[]): Node[] {
  const nodes = reachable(roots);
  const uses = new Map<Node, number>(roots.map((root) => [root, 2]));
  for (const node of nodes) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  let count = nodes.length === 0 ? 0 : nodes.at(-1)!.id + 1;
  const replacements = new Map<Node, Node>();
  const replaced = (node: Node) => replacements.get(node) ?? node;
  const once = (node: Node) => uses.get(node) === 1;
  const fresh = (node: Omit<Node, 'id' | 'dtype'>): Node => ({ ...node, id: count++, dtype: 'float32' });
  const vector = (node: Node) => flat(node, fresh);

  /** [operand that `fits`, the other one], both as originally recorded. */
  const pick = (node: Node, fits: (x: Node, other: Node) => boolean) => {
    const [a, b] = node.inputs;
    return fits(a, b) ? [a, b] : fits(b, a) ? [b, a] : undefined;
  };
  const biased = (node: Node): Node | undefined => {
    if (node.operation !== 'add') return undefined;
    const pair = pick(node, (x, other) => once(x) && isProduct(x) && perChannel(other, node.shape.at(-1)!));
    if (pair) return fresh({ ...replaced(pair[0]), inputs: [...replaced(pair[0]).inputs, vector(replaced(pair[1]))] });
    const scaled = pick(
      node,
      (x, other) =>
        once(x) && x.operation === 'mul' && perChannel(other, node.shape.at(-1)!) && folded(x) !== undefined,
    );
    if (!scaled) return undefined;
    const conv = folded(scaled[0])!;
    return fresh({ ...conv, inputs: [...conv.inputs, vector(replaced(scaled[1]))] });
  };
  const folded = (node: Node): Node | undefined => {
    if (node.operation !== 'mul' || node.shape.length !== 4) return undefined;
    const channels = node.shape[3];
    const pair = pick(node, (x, s) => once(x) && isConvolution(x) && x.inputs.length === 2 && perChannel(s, channels));
    if (!pair) return undefined;
    const conv = replaced(pair[0]);
    const [x, filter] = conv.inputs;
    const column = fresh({
      operation: 'reshape',
      inputs: [replaced(pair[1])],
      shape: [channels, 1, 1, 1],
      attributes: {},
    });
    const scaled = fresh({ operation: 'mul', inputs: [filter, column], shape: filter.shape, attributes: {} });
    return fresh({ ...conv, inputs: [x, scaled] });
  };

  const activated = (node: Node): Node | undefined => {
    if ((node.operation !== 'relu' && node.operation !== 'leakyRelu') || !once(node.inputs[0])) return undefined;
    const conv = replaced(node.inputs[0]);
    if (!isConvolution(conv)) return undefined;
    const attributes = { ...conv.attributes, activation: node.operation, slope: node.attributes.slope };
    return fresh({ ...conv, attributes });
  };

  for (const node of nodes) {
    const inputs = node.inputs.map(replaced);
    const current = inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, id: count++, inputs };
    replacements.set(node, biased(node) ?? folded(node) ?? activated(node) ?? current);
  }
  return roots.map(replaced);
}

function isConvolution({ operation }: Node): boolean {
  return operation === 'conv2d' || operation === 'depthwiseConv2d';
}

function isProduct(node: Node): boolean {
  const matrix = node.operation === 'matMul' && node.shape.length === 2;
  return (isConvolution(node) || matrix) && node.inputs.length === 2;
}

function flat(node: Node, fresh: (node: Omit<Node, 'id' | 'dtype'>) => Node): Node {
  if (node.shape.length === 1) return node;
  return fresh({ operation: 'reshape', inputs: [node], shape: [sizeOf(node.shape)], attributes: {} });
}

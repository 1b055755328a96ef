import { broadcastShape, type Shape } from '@unseen/tensor';
import { constantValue, type Leaf, type Node, reachable } from './node.ts';

const elementwise = new Set(['add', 'sub', 'mul', 'div', 'maximum']);
const smallConstant = 64;

const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/**
 * Computes the same values with fewer nodes: repeated operations are merged, operations without effect disappear,
 * factors are collected, and values that are only repeated along an axis are left to the broadcasting of their readers.
 * Returns the replacement of each root.
 */
export function simplify(roots: readonly Node[]): Node[] {
  const simplifier = new Simplifier();
  const nodes = reachable(roots);
  const replacements = new Map<Node, Node>();
  const replaced = (node: Node) => replacements.get(node)!;
  for (const node of nodes) replacements.set(node, simplifier.rewrite({ ...node, inputs: node.inputs.map(replaced) }));
  return roots.map(replaced);
}

class Simplifier {
  private readonly known = new Map<unknown, Node>();
  private readonly leaky = new Map<Node, Node>();
  /** Products with a mask, with any positive scale. */
  private readonly masked = new Map<string, Node>();
  private count = 0;

  /** The replacement of `node`, whose inputs have already been replaced. */
  rewrite(node: Node): Node {
    return this.shorter(node) ?? this.unique(this.unexpanded(node));
  }

  private scalar(value: number): Node {
    const leaf = { kind: 'constant', values: Float32Array.of(value) } as const;
    return this.unique({ id: 0, operation: 'constant', inputs: [], shape: [], dtype: 'float32', attributes: {}, leaf });
  }

  private keyOf({ operation, inputs, shape, attributes, leaf }: Node): unknown {
    if (leaf?.kind === 'parameter') return leaf.parameter;
    if (leaf?.kind === 'noise') return `noise ${leaf.index} ${leaf.scale}`;
    if (leaf?.kind === 'input') return `input ${leaf.name}`;
    if (leaf) return leaf.values.length <= smallConstant ? `constant [${shape}] ${leaf.values.join()}` : leaf;
    return `${operation} ${inputs.map((input) => input.id)} [${shape}] ${JSON.stringify(attributes)}`;
  }

  /** The step of a leaky ReLU's input equals that of its output, which is kept anyway. */
  private outputStep(node: Node): Node | undefined {
    const output = this.leaky.get(node.inputs[0]);
    return output && this.unique({ ...node, inputs: [output] });
  }

  private unique(node: Node): Node {
    const key = this.keyOf(node);
    const known = this.known.get(key);
    if (known) return known;
    const fresh = { ...node, id: this.count++ };
    this.known.set(key, fresh);
    if (node.operation === 'leakyRelu' && (node.attributes.slope as number) > 0) this.leaky.set(node.inputs[0], fresh);
    const [mask, y] = (node.operation === 'mul' && operandsOf(node, isMask)) || [];
    if (mask && y && (noiseOf(mask).scale ?? 1) > 0) this.masked.set(maskedKey(y, mask), fresh);
    return fresh;
  }

  /** An existing or smaller value equal to `node`, if there is one. */
  private shorter(node: Node): Node | undefined {
    const { operation, inputs, shape } = node;
    const [a, b] = inputs;
    switch (operation) {
      case 'identity':
        return a;
      case 'neg':
        return a.operation === 'neg' ? a.inputs[0] : undefined;
      case 'broadcastTo':
      case 'place':
      case 'slice':
      case 'resizeBilinear':
      case 'resizeNearest':
        return same(a.shape, shape) ? a : undefined;
      case 'reshape': {
        const source = a.operation === 'reshape' ? a.inputs[0] : a;
        if (same(source.shape, shape)) return source;
        const value = constantValue(source);
        if (value !== undefined && shape.length === 0) return this.scalar(value);
        return source === a ? undefined : this.unique({ ...node, inputs: [source] });
      }
      case 'transpose':
        return (node.attributes.order as readonly number[]).every((axis, i) => axis === i) ? a : undefined;
      case 'sum':
        return (node.attributes.axes as readonly number[]).length === 0 ? a : undefined;
      case 'step':
        return this.outputStep(node);
      case 'concat':
        return inputs.length === 1 ? a : undefined;
      case 'add':
        return (
          this.folded(node) ?? this.without(a, b, 0, shape) ?? this.without(b, a, 0, shape) ?? this.leakySlope(node)
        );
      case 'sub':
        return this.folded(node) ?? this.without(a, b, 0, shape);
      case 'mul':
        return (
          this.folded(node) ??
          this.without(a, b, 1, shape) ??
          this.without(b, a, 1, shape) ??
          this.collected(node) ??
          this.maskedStep(node)
        );
      case 'div':
        return this.folded(node) ?? this.without(a, b, 1, shape);
      default:
        return undefined;
    }
  }

  /** `x` if the constant changes neither its values nor its shape. */
  private without(x: Node, constant: Node, value: number, shape: Shape): Node | undefined {
    return uniformValue(constant) === value && same(x.shape, shape) ? x : undefined;
  }

  /** An operation on two scalar constants, computed in single precision as the graph would. */
  private folded({ operation, inputs: [a, b], shape }: Node): Node | undefined {
    const [x, y] = [constantValue(a), constantValue(b)];
    if (x === undefined || y === undefined || shape.length > 0) return undefined;
    const results: Readonly<Record<string, number>> = { add: x + y, sub: x - y, mul: x * y, div: x / y };
    return this.scalar(Math.fround(results[operation]));
  }

  /** (x · p) · q = x · pq for scalar constants, and for a scalar and a dropout mask. */
  private collected(node: Node): Node | undefined {
    const [factor, product] = operandsOf(node, (x) => constantValue(x) !== undefined) ?? [];
    if (!factor || !product) return undefined;
    if (isMask(product) && factor.shape.length === 0) return this.scaledMask(product, constantValue(factor)!);
    if (product.operation !== 'mul') return undefined;
    const [inner, x] = operandsOf(product, (operand) => constantValue(operand) !== undefined || isMask(operand)) ?? [];
    if (!inner || !x || !same(x.shape, node.shape) || factor.shape.length > 0) return undefined;
    const scale = this.rewrite({ ...node, inputs: [inner, factor], shape: inner.shape });
    return this.rewrite({ ...node, inputs: [x, scale] });
  }

  /**
   * (g · mask) · step(y) = (g · mask) · step(y · mask), and likewise with the slope of a leaky ReLU: if the masked
   * activations exist anyway (dropout), the unmasked ones need not be kept.
   */
  private maskedStep(node: Node): Node | undefined {
    const [factor, product] = operandsOf(node, (x) => stepOf(x) !== undefined) ?? [];
    const [mask] = (product?.operation === 'mul' && operandsOf(product, isMask)) || [];
    const step = factor && stepOf(factor);
    if (!mask || !product || !step) return undefined;
    const [y] = step.inputs;
    const masked = this.masked.get(maskedKey(y, mask));
    if (!masked || !same(mask.shape, y.shape) || !same(y.shape, node.shape)) return undefined;
    const replaced = this.unique({ ...step, inputs: [masked] });
    const slope =
      step === factor
        ? replaced
        : this.unique({ ...factor, inputs: factor.inputs.map((x) => (x === step ? replaced : x)) });
    return this.unique({ ...node, inputs: [product, slope] });
  }

  private scaledMask(mask: Node, factor: number): Node {
    const leaf = noiseOf(mask);
    return this.unique({ ...mask, leaf: { ...leaf, scale: Math.fround((leaf.scale ?? 1) * factor) } });
  }

  /** step(x) · (1 - s) + s, the slope of a leaky ReLU, equals max(step(x), s). */
  private leakySlope(node: Node): Node | undefined {
    const [slope, product] = operandsOf(node, (x) => constantValue(x) !== undefined) ?? [];
    if (!slope || product?.operation !== 'mul') return undefined;
    const [factor, step] = operandsOf(product, (x) => constantValue(x) !== undefined) ?? [];
    const [s, rest] = [constantValue(slope)!, factor ? constantValue(factor)! : Number.NaN];
    if (step?.operation !== 'step' || s < 0 || s > 1 || Math.abs(s + rest - 1) > 1e-6) return undefined;
    return this.unique({ ...node, operation: 'maximum', inputs: [step, slope] });
  }

  /** An element-wise operation on values before they are repeated, if the other operand repeats them anyway. */
  private unexpanded(node: Node): Node {
    if (!elementwise.has(node.operation)) return node;
    const inputs = [...node.inputs];
    for (const [i, input] of inputs.entries()) {
      if (input.operation !== 'broadcastTo') continue;
      const shapes = inputs.with(i, input.inputs[0]).map((operand) => operand.shape);
      if (same(broadcastShape(shapes[0], shapes[1]), node.shape)) inputs[i] = input.inputs[0];
    }
    return inputs.every((input, i) => input === node.inputs[i]) ? node : this.rewrite({ ...node, inputs });
  }
}

/** The operand that `fits` and the other one. */
function operandsOf({ inputs: [a, b] }: Node, fits: (x: Node) => boolean): readonly [Node, Node] | undefined {
  if (fits(b)) return [b, a];
  return fits(a) ? [a, b] : undefined;
}

/** step(y) in step(y) itself or in the slope of a leaky ReLU, max(step(y), s). */
function stepOf(x: Node): Node | undefined {
  if (x.operation === 'step') return x;
  return x.operation === 'maximum' && x.inputs[0].operation === 'step' && constantValue(x.inputs[1]) !== undefined
    ? x.inputs[0]
    : undefined;
}

function noiseOf({ leaf }: Node): Extract<Leaf, { kind: 'noise' }> {
  return leaf as Extract<Leaf, { kind: 'noise' }>;
}

function maskedKey(y: Node, mask: Node): string {
  return `${y.id} ${noiseOf(mask).index}`;
}

function isMask({ leaf }: Node): boolean {
  return leaf?.kind === 'noise' && leaf.probability !== undefined;
}

/** The value of a constant scalar, repeated or not. */
function uniformValue(node: Node): number | undefined {
  return constantValue(node.operation === 'broadcastTo' ? node.inputs[0] : node);
}

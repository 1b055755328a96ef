import { type Parameter, type Shape, sizeOf } from '@unseen/tensor';
import { OnnxGraph } from './graph.ts';
import type { Node } from './node.ts';

/**
 * Memory layout of a value: `plain` in the order of its shape; `nchw` (maps) with the channels before the grid, as
 * ONNX's convolutions expect. A value of lower rank has an `nchw` form too: the one that broadcasts to such maps.
 */
export type Layout = 'plain' | 'nchw';

/** Emits the ONNX operators of a node and registers the name of its value. */
export type LoweringRule = (to: Lowering, node: Node) => void;

/** Options of {@link Lowering}. */
export interface LoweringOptions {
  /** Weights become constants. */
  readonly frozen?: boolean;
  /** Large constants are stored outside the model and passed to the runtime separately. */
  readonly apart?: boolean;
  /** Inputs of the graph keep their names in the program; otherwise a prefix keeps them apart. */
  readonly ownNames?: boolean;
  /** Channels per block of the runtime's blocked convolutions; without it they are not used. */
  readonly block?: number;
  /** Replaces this size of an input axis by a name, since it is known only at run time. */
  readonly freeSize?: { readonly size: number; readonly name: string };
}

interface Forms {
  plain?: string;
  nchw?: string;
  /** The plain memory order with other sizes. */
  flat?: { readonly name: string; readonly dims: Shape };
  /** Emits the value in the requested layout. */
  make?: (layout: Layout) => string;
  /** The value is not kept; it is computed again for each reader. */
  passing?: boolean;
}

const toNchw = [0, 3, 1, 2];
const toNhwc = [0, 2, 3, 1];

/** Name of a graph input fed with the program's input `name`. */
export const inputName = (name: string): string => `in_${name}`;

/** Name of the graph input for the `index`-th noise. */
export const noiseName = (index: number): string => `_noise${index}`;

/** Position of each axis of a map's shape in the given layout. */
export function physicalAxis(axis: number, rank: number, layout: Layout): number {
  return layout === 'nchw' && rank === 4 ? toNchw.indexOf(axis) : axis;
}

/** A list with one entry per axis (sizes, starts) in the order of the given layout. */
export function physical<T>(perAxis: readonly T[], layout: Layout): T[] {
  return layout === 'nchw' && perAxis.length === 4 ? toNchw.map((axis) => perAxis[axis]) : [...perAxis];
}

/** Whether both layouts of a map have the same memory order. */
function sameOrder([, h, w, c]: Shape): boolean {
  return c === 1 || h * w === 1;
}

/** Translates nodes into an ONNX graph: tracks the names of their values and converts layouts where they meet. */
export class Lowering {
  readonly graph: OnnxGraph;
  private readonly options: LoweringOptions;
  private readonly forms = new Map<Node, Forms>();
  private readonly usersOf = new Map<Node, Node[]>();
  private readonly notes = new Map<string, unknown>();
  private readonly parameterNames = new Map<string, Parameter>();

  constructor(nodes: readonly Node[], options: LoweringOptions) {
    this.options = options;
    this.graph = new OnnxGraph(options.apart);
    for (const node of nodes)
      for (const input of new Set(node.inputs)) {
        const users = this.usersOf.get(input);
        if (users) users.push(node);
        else this.usersOf.set(input, [node]);
      }
  }

  /** See {@link LoweringOptions.block}. */
  get block(): number | undefined {
    return this.options.block;
  }

  /** The readers of a value. */
  users(node: Node): readonly Node[] {
    return this.usersOf.get(node) ?? [];
  }

  /** Created once per key. */
  memo<T>(key: string, make: () => T): T {
    if (!this.notes.has(key)) this.notes.set(key, make());
    return this.notes.get(key) as T;
  }

  /** Weights that are inputs of the graph, by input name. */
  get parameters(): ReadonlyMap<string, Parameter> {
    return this.parameterNames;
  }

  /** The value of a weight in the graph: an input or a constant. */
  weight(parameter: Parameter): string {
    if (this.options.frozen) return this.graph.constant(parameter.values, parameter.shape);
    const name = `_p${this.parameterNames.size}`;
    this.parameterNames.set(name, parameter);
    return this.graph.input(name, parameter.shape, 'float32');
  }

  /** Declares an input of the program. */
  programInput(name: string, shape: Shape, type: Node['dtype']): string {
    return this.graph.input(this.options.ownNames ? name : inputName(name), this.declared(shape), type);
  }

  /** The sizes that the graph declares for a value. */
  private declared(shape: Shape): (number | string)[] {
    const { freeSize } = this.options;
    return shape.map((n) => (n === freeSize?.size ? freeSize.name : n));
  }

  set(node: Node, layout: Layout, name: string): void {
    this.formsOf(node)[layout] = name;
  }

  /** A value in plain order but with sizes other than its shape, e.g. a filter as a matrix. */
  setFlat(node: Node, name: string, dims: Shape): void {
    if (dims.join() === node.shape.join()) this.set(node, 'plain', name);
    else this.formsOf(node).flat = { name, dims };
  }

  /**
   * A value that is emitted, without conversion, in the layout in which it is first requested. With `passing` it is
   * computed again for each reader, which pays for large values that are cheap to compute from something smaller.
   */
  setEither(node: Node, make: (layout: Layout) => string, passing = false): void {
    Object.assign(this.formsOf(node), { make, passing });
  }

  /** The layout in which an operation on these values needs no conversion of a map. */
  layoutFor(inputs: readonly Node[]): Layout {
    const inNchw = (input: Node) => {
      const { nchw, make } = this.formsOf(input);
      return input.shape.length === 4 && nchw !== undefined && make === undefined;
    };
    return inputs.some(inNchw) ? 'nchw' : 'plain';
  }

  get(node: Node, layout: Layout): string {
    const forms = this.formsOf(node);
    const known = forms[layout];
    if (known !== undefined) return known;
    const made = this.convert(node, forms, layout);
    if (!forms.passing) forms[layout] = made;
    return made;
  }

  plain(node: Node): string {
    return this.get(node, 'plain');
  }

  nchw(node: Node): string {
    return this.get(node, 'nchw');
  }

  /** A value in plain memory order, with any sizes (a final reshape would be a copy). */
  memory(node: Node): { readonly name: string; readonly dims: Shape } {
    const { flat, plain, nchw } = this.formsOf(node);
    if (plain === undefined && flat) return flat;
    if (plain === undefined && nchw !== undefined && node.shape.length === 4 && sameOrder(node.shape))
      return { name: nchw, dims: physical(node.shape, 'nchw') };
    return { name: this.plain(node), dims: node.shape };
  }

  private formsOf(node: Node): Forms {
    const known = this.forms.get(node);
    if (known) return known;
    const forms = {};
    this.forms.set(node, forms);
    return forms;
  }

  private convert(node: Node, { plain, nchw, flat, make }: Forms, layout: Layout): string {
    if (make) return make(layout);
    const { shape } = node;
    const graph = this.graph;
    if (layout === 'plain') {
      if (flat) return graph.reshape(flat.name, shape);
      if (nchw === undefined) throw new Error(`no value was emitted for '${node.operation}'`);
      return sameOrder(shape) ? graph.reshape(nchw, shape) : graph.transpose(nchw, toNhwc);
    }
    if (shape.length === 0) return this.plain(node);
    const map = [1, 1, 1, 1, ...shape].slice(-4);
    const target = physical(map, 'nchw');
    if (sizeOf(map) === map[3] && shape.length < 4) return graph.reshape(this.plain(node), target.slice(1));
    if (sameOrder(map)) return graph.reshape(flat?.name ?? this.plain(node), target);
    const source =
      plain !== undefined && shape.length === 4 ? plain : graph.reshape(flat?.name ?? this.plain(node), map);
    return graph.transpose(source, toNchw);
  }
}

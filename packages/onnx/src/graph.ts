import { type ScheduledNode, schedule } from './schedule.ts';
import { attributeTypes, type ElementType, elementTypes, externalLocation, ModelProto } from './schema.ts';

/** An input or output of a graph: sizes, or names for sizes that are known only at run time. */
export interface GraphValue {
  readonly name: string;
  readonly dims: readonly (number | string)[];
  readonly type: ElementType;
}

/** A floating-point attribute; plain numbers are integers. */
export class FloatAttribute {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Marks a floating-point attribute of an ONNX node. */
export function float(value: number): FloatAttribute {
  return new FloatAttribute(value);
}

/** Attributes of an ONNX node. */
export type NodeAttributes = Readonly<
  Record<string, number | string | readonly number[] | FloatAttribute | readonly FloatAttribute[]>
>;

interface NodeProto extends ScheduledNode {
  readonly name: string;
  readonly opType: string;
  readonly attribute?: readonly object[];
  readonly domain?: string;
}

interface NodeOptions {
  readonly domain?: string;
  /** Number of outputs of the node. */
  readonly outputs?: number;
}

const opset = 18;
const irVersion = 8;
const smallConstant = 64;
/** Constants of fewer bytes are always part of the model. */
const leastApart = 4096;

/** Builds one ONNX graph; every value is its name. */
export class OnnxGraph {
  readonly inputs: GraphValue[] = [];
  readonly outputs: GraphValue[] = [];
  /** Values of constants that are stored outside the model. */
  readonly apart = new Map<string, Float32Array | Int32Array | BigInt64Array>();
  private readonly keepsApart: boolean;
  private readonly nodes: NodeProto[] = [];
  private readonly initializers: object[] = [];
  private readonly constants = new Map<string, string>();
  /** Numbers of the large arrays, which are told apart by identity. */
  private readonly arrays = new Map<ArrayBufferView, number>();
  private readonly domains = new Set<string>();
  private readonly produced = new Set<string>();
  private count = 0;

  /** Whether large constants are stored {@link apart} or in the model itself. */
  constructor(apart = false) {
    this.keepsApart = apart;
  }

  get nodeCount(): number {
    return this.nodes.length;
  }

  input(name: string, dims: GraphValue['dims'], type: ElementType): string {
    this.inputs.push({ name, dims, type });
    return name;
  }

  output(name: string, dims: GraphValue['dims'], type: ElementType): void {
    this.outputs.push({ name, dims, type });
  }

  /** A constant tensor. Equal small constants, and the same array with the same shape, are stored once. */
  constant(values: Float32Array | Int32Array | BigInt64Array, dims: readonly number[]): string {
    const type = values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'int64';
    const small = values.length <= smallConstant;
    const key = `${type} [${dims}] ${small ? values.join() : `#${this.numberOf(values)}`}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh('k');
    const isApart = this.keepsApart && values.byteLength >= leastApart;
    if (isApart) this.apart.set(name, values);
    const content = isApart
      ? { dataLocation: externalLocation, externalData: [{ key: 'location', value: name }] }
      : { rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
    this.initializers.push({ name, dims, dataType: elementTypes[type], ...content });
    this.constants.set(key, name);
    return name;
  }

  private numberOf(array: ArrayBufferView): number {
    const number = this.arrays.get(array) ?? this.arrays.size;
    this.arrays.set(array, number);
    return number;
  }

  /** A constant vector of 64-bit integers: shapes, axes, sizes. */
  integers(values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }

  /** Adds a node with one output. */
  op(type: string, inputs: readonly string[], attributes: NodeAttributes = {}, options: NodeOptions = {}): string {
    return this.ops(type, inputs, attributes, options)[0];
  }

  /** Adds a node with `options.outputs` outputs. */
  ops(type: string, inputs: readonly string[], attributes: NodeAttributes = {}, options: NodeOptions = {}): string[] {
    const { domain = '', outputs = 1 } = options;
    if (domain) this.domains.add(domain);
    const names = Array.from({ length: outputs }, () => this.fresh('t'));
    for (const output of names) this.produced.add(output);
    const attribute = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
    this.add({ input: inputs, output: names, name: this.fresh(type), opType: type, attribute, domain });
    return names;
  }

  private add(node: NodeProto): void {
    this.nodes.push(node);
  }

  reshape(value: string, dims: readonly number[]): string {
    return this.op('Reshape', [value, this.integers(dims)]);
  }

  transpose(value: string, order: readonly number[]): string {
    return this.op('Transpose', [value], { perm: order });
  }

  /** Equal parts of `value` along `axis`. */
  split(value: string, parts: number, each: number, axis: number): string[] {
    if (parts === 1) return [value];
    return this.ops('Split', [value, this.integers(Array(parts).fill(each))], { axis }, { outputs: parts });
  }

  /**
   * Declares `value` an output under its own name, or under a new one if it is already an input, a constant or an
   * output; returns that name.
   */
  result(value: string, dims: GraphValue['dims']): string {
    const name = this.produced.delete(value) ? value : this.op('Identity', [value]);
    this.produced.delete(name);
    this.output(name, dims, 'float32');
    return name;
  }

  /** Declares `value` an output under `name`. */
  namedResult(value: string, name: string, dims: GraphValue['dims'], type: ElementType = 'float32'): void {
    this.add({ input: [value], output: [name], name: this.fresh('Identity'), opType: 'Identity' });
    this.output(name, dims, type);
  }

  /** The bytes of the model, with the bytes of constants included. */
  encode(name: string, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const message = ModelProto.create({
      irVersion,
      producerName: 'unseen',
      graph: {
        name,
        node: schedule(this.nodes),
        initializer: this.initializers,
        input: this.inputs.map(encodeValue),
        output: this.outputs.map(encodeValue),
      },
      opsetImport: [{ domain: '', version: opset }, ...[...this.domains].map((domain) => ({ domain, version: 1 }))],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    return ModelProto.encode(message).finish();
  }

  private fresh(prefix: string): string {
    return `_${prefix}${this.count++}`;
  }
}

function encodeAttribute(name: string, value: NodeAttributes[string]): object {
  if (value instanceof FloatAttribute) return { name, f: value.value, type: attributeTypes.float };
  if (typeof value === 'number') return { name, i: value, type: attributeTypes.int };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: attributeTypes.string };
  const floats = value.filter((item) => item instanceof FloatAttribute);
  if (floats.length > 0) return { name, floats: floats.map((item) => item.value), type: attributeTypes.floats };
  return { name, ints: value, type: attributeTypes.ints };
}

function encodeValue({ name, dims, type }: GraphValue): object {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}

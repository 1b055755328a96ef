/** Element types of ONNX tensors that {@link singleOperationModel} supports, by their number in the format. */
const ELEMENT_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, bfloat16: 16 } as const;

/** An input or output of a model. A dimension given as a name is free. */
export interface ModelValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly type?: keyof typeof ELEMENT_TYPES;
}

/** One ONNX operator. A whole number is an integer attribute; `{ float }` is a real one. */
export interface ModelNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | { readonly float: number } | string | readonly number[]>>;
}

type Bytes = readonly number[];

function varint(n: number): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(n));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const integer = (field: number, n: number): Bytes => [...varint(field * 8), ...varint(n)];
const message = (field: number, ...parts: Bytes[]): Bytes => {
  const body = parts.flat();
  return [...varint(field * 8 + 2), ...varint(body.length), ...body];
};
const text = (field: number, s: string): Bytes => message(field, [...Buffer.from(s)]);
const float = (field: number, x: number): Bytes => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(x);
  return [...varint(field * 8 + 5), ...bytes];
};

function attribute(name: string, value: NonNullable<ModelNode['attributes']>[string]): Bytes {
  if (typeof value === 'number') return message(5, text(1, name), integer(3, value), integer(20, 2));
  if (typeof value === 'string') return message(5, text(1, name), text(4, value), integer(20, 3));
  if ('float' in value) return message(5, text(1, name), float(2, value.float), integer(20, 1));
  return message(5, text(1, name), ...value.map((n) => integer(8, n)), integer(20, 7));
}

function valueInfo(field: number, { name, shape, type = 'float32' }: ModelValue): Bytes {
  const dimensions = shape.map((d) => message(1, typeof d === 'number' ? integer(1, d) : text(2, d)));
  return message(
    field,
    text(1, name),
    message(2, message(1, integer(1, ELEMENT_TYPES[type]), message(2, ...dimensions))),
  );
}

/**
 * The ONNX file (opset 17) of a model of one or a few operators without weights, with the output `stop` that direct
 * runs need (see `createSession`). For the runtime's own checks and single-operation kernels; networks are written by
 * the package that compiles them.
 */
export function singleOperationModel(
  nodes: readonly ModelNode[],
  inputs: readonly ModelValue[],
  outputs: readonly ModelValue[],
): Uint8Array {
  const stop: ModelNode[] = [
    { operator: 'Constant', inputs: [], outputs: ['one'], attributes: { value_float: { float: 1 } } },
    { operator: 'Cast', inputs: ['one'], outputs: ['stop'], attributes: { to: ELEMENT_TYPES.bfloat16 } },
  ];
  const encoded = [...nodes, ...stop].map((node) =>
    message(
      1,
      ...node.inputs.map((name) => text(1, name)),
      ...node.outputs.map((name) => text(2, name)),
      text(4, node.operator),
      ...Object.entries(node.attributes ?? {}).map(([name, value]) => attribute(name, value)),
    ),
  );
  const graph = message(
    7,
    ...encoded,
    text(2, 'operation'),
    ...inputs.map((value) => valueInfo(11, value)),
    ...[{ name: 'stop', shape: [], type: 'bfloat16' } as const, ...outputs].map((value) => valueInfo(12, value)),
  );
  return Uint8Array.from([...integer(1, 8), ...graph, ...message(8, text(1, ''), integer(2, 17))]);
}

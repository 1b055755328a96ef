import { gather } from '../gather.ts';
import { countsOf } from '../pickle/numpy-globals.ts';
import { type PickleContext, PickledObject, type PickleValue } from '../pickle/values.ts';
import { ELEMENTS, type ElementType, type StoredTensor, sizeOf } from '../tensor-values.ts';

/** A block of numbers that tensors of a checkpoint share. */
export class TorchStorage extends PickledObject {
  readonly key: string;
  readonly dtype: ElementType;
  /** Its first element within the stored block. */
  readonly first: number;
  readonly elements: number;

  constructor(key: string, dtype: ElementType, first: number, elements: number) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.first = first;
    this.elements = elements;
  }

  override describe(): string {
    return `a storage of ${this.elements} elements`;
  }
}

/** A tensor of a checkpoint: a view of a storage. */
export class TorchTensor extends PickledObject {
  readonly storage: TorchStorage;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  /** Its first element within the stored block. */
  readonly first: number;

  constructor(
    storage: TorchStorage,
    first: number,
    shape: readonly number[],
    strides: readonly number[],
    dtype: ElementType,
  ) {
    super();
    this.storage = storage;
    this.first = first;
    this.shape = shape;
    this.strides = strides;
    this.dtype = dtype;
  }

  /** Attributes that Python code has hung on a tensor are not kept. */
  override setState(): void {}

  override describe(): string {
    return `a tensor [${this.shape.join(', ')}]`;
  }
}

// A tensor may repeat its storage (`expand`), but not to fill memory out of nothing.
const MAX_REPEATED = 16;
const MAX_REPEATED_SMALL = 1 << 16;

/** Checks a view before anything is read: it must lie within its storage, and not repeat it without measure. */
export function viewOf(
  storage: PickleValue,
  view: { readonly offset: PickleValue; readonly shape: PickleValue; readonly strides: PickleValue },
  context: PickleContext,
  type?: ElementType,
): TorchTensor {
  if (!(storage instanceof TorchStorage)) throw context.fail('has a tensor without a storage');
  const dtype = type ?? storage.dtype;
  const shape = countsOf(view.shape, context);
  const strides = Array.isArray(view.strides) ? (view.strides as PickleValue[]) : [];
  const scale = ELEMENTS[dtype].size / ELEMENTS[storage.dtype].size;
  const offset = view.offset;
  if (!isCount(offset) || strides.length !== shape.length || !strides.every(isCount)) {
    throw context.fail('has a tensor with impossible strides');
  }
  const count = sizeOf(shape);
  const end = count === 0 ? 0 : offset + 1 + shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis], 0);
  if (end * scale > storage.elements || (storage.first * ELEMENTS[storage.dtype].size) % ELEMENTS[dtype].size !== 0) {
    throw context.fail(`has a tensor [${shape}] that reaches to element ${end} of ${storage.elements / scale}`);
  }
  if (count * scale > MAX_REPEATED * storage.elements + MAX_REPEATED_SMALL) {
    throw context.fail(`has a tensor [${shape}] that repeats a storage of ${storage.elements} elements`);
  }
  context.charge(200);
  return new TorchTensor(storage, storage.first / scale + offset, shape, strides, dtype);
}

/** Bytes of a stored block, `end` exclusive. */
export type ReadBlock = (key: string, start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;

/** The values of a tensor, row by row; of its storage no more is read than what it spans. */
export async function readTensor(tensor: TorchTensor, readBlock: ReadBlock): Promise<StoredTensor> {
  const { storage, shape, strides, first, dtype } = tensor;
  const { size, values } = ELEMENTS[dtype];
  const count = sizeOf(shape);
  const span = count === 0 ? 0 : 1 + shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis], 0);
  const { buffer } = await readBlock(storage.key, first * size, (first + span) * size);
  if (isContiguous(shape, strides)) return { shape, values: values(buffer) };
  const bits = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[size]!;
  const rows = new bits(count);
  gather(new bits(buffer), rows, shape, strides);
  return { shape, values: values(rows.buffer) };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return sizeOf(shape) === 0;
    expected *= shape[axis];
  }
  return true;
}

const isCount = (value: PickleValue): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

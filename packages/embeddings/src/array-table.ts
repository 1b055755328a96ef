import { UserError } from '@unseen/core';
import {
  openWeights,
  PickledArray,
  type PickleValue,
  readPickle,
  type StoredTensor,
  type TensorValues,
} from '@unseen/formats';
import { checkTableSize, type RowTable } from './row-table.ts';

const PICKLED = /\.(?:npy|pkl|pickle)$/i;
const WEIGHTS = /\.(?:npz|safetensors|pth?|tar|h5|hdf5)$/i;

/** Whether a file holds arrays, by its name. */
export function isArrayFile(path: string): boolean {
  return PICKLED.test(path) || WEIGHTS.test(path);
}

/**
 * Reads a matrix with one row per class from a NumPy file, a pickle or a weights file (`array` selects one of several).
 * A pickled dictionary of vectors also provides their names. Values become float32, as in the authors' code.
 */
export async function readArrayTable(path: string, array?: string): Promise<RowTable> {
  if (WEIGHTS.test(path)) return { rows: matrixRows(path, await readTensor(path, array)) };
  const value = unboxed(await readPickle(path));
  if (value instanceof PickledArray && array === undefined) return { rows: matrixRows(path, numbersOf(path, value)) };
  if (!(value instanceof Map)) {
    throw new UserError({
      given: `${path} contains no matrix${array === undefined ? '' : ` called '${array}'`}`,
      expected: 'an array with one row per class, or a dictionary of vectors',
    });
  }
  if (array !== undefined) return { rows: matrixRows(path, numbersOf(path, entryOf(path, value, array))) };
  const labels = [...value.keys()].map(String);
  const rows = [...value.values()].map((one, i) => vectorOf(path, labels[i], one));
  const odd = rows.findIndex((row) => row.length !== rows[0].length);
  if (odd < 0) return { rows, labels };
  throw new UserError({
    given: `${path}: '${labels[odd]}' has ${rows[odd].length} values, but '${labels[0]}' has ${rows[0].length}`,
    expected: 'vectors of equal length',
    remedy: "if it is a dictionary of matrices, select one ('array: NAME')",
  });
}

async function readTensor(path: string, array: string | undefined): Promise<StoredTensor> {
  const file = await openWeights(path);
  try {
    const matrices = array === undefined ? file.tensors.filter(({ shape }) => shape.length === 2) : [file.info(array)];
    if (matrices.length === 1) {
      const [{ name, shape }] = matrices;
      checkMatrix(path, shape);
      return await file.read(name);
    }
    throw new UserError({
      given: `${path} has ${matrices.length} matrices: ${matrices.map(({ name }) => name).join(', ')}`,
      expected: "one matrix, or the name of one ('array: NAME')",
    });
  } finally {
    await file.close();
  }
}

/** `np.save` wraps anything other than an array in an array with one object. */
function unboxed(value: PickleValue): PickleValue {
  const isBox = value instanceof PickledArray && value.dtype === undefined && value.values.length === 1;
  return isBox ? (value.values as readonly PickleValue[])[0] : value;
}

interface Numbers {
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

function checkMatrix(path: string, shape: readonly number[]): void {
  if (shape.length !== 2 || shape[1] === 0) {
    throw new UserError({
      given: `${path} is an array of shape (${shape.join(', ')})`,
      expected: 'shape (classes, dimension)',
    });
  }
  checkTableSize(path, shape[0], shape[1]);
}

function matrixRows(path: string, { shape, values }: Numbers): Float32Array[] {
  checkMatrix(path, shape);
  const [count, length] = shape;
  const flat = toFloats(values);
  return Array.from({ length: count }, (_, i) => flat.subarray(i * length, (i + 1) * length));
}

function numbersOf(path: string, value: unknown): Numbers {
  if (value instanceof PickledArray && value.dtype !== undefined) {
    return { shape: value.shape, values: value.values as TensorValues };
  }
  throw new UserError({ given: `${path} holds something other than numbers`, expected: 'an array of numbers' });
}

function toFloats(values: TensorValues): Float32Array {
  const big = values instanceof BigInt64Array || values instanceof BigUint64Array;
  return big ? Float32Array.from(values, Number) : new Float32Array(values);
}

function vectorOf(path: string, label: string, value: unknown): Float32Array {
  if (Array.isArray(value) && value.every((one) => typeof one === 'number')) return Float32Array.from(value);
  const { shape, values } = numbersOf(path, value);
  if (shape.filter((n) => n !== 1).length <= 1) return toFloats(values);
  throw new UserError({
    given: `${path}: '${label}' is an array of shape (${shape.join(', ')})`,
    expected: 'a vector',
    remedy: "if it is a dictionary of matrices, select one ('array: NAME')",
  });
}

function entryOf(path: string, value: ReadonlyMap<unknown, unknown>, array: string): unknown {
  if (value.has(array)) return value.get(array);
  throw new UserError({
    given: `${path} has no array '${array}'`,
    expected: `one of: ${[...value.keys()].slice(0, 20).map(String).join(', ')}`,
  });
}

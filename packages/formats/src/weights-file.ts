import { didYouMean, UserError } from '@unseen/core';
import { ELEMENTS, type ElementType, type StoredTensor, sizeOf } from './tensor-values.ts';

/** Kinds of files that {@link WeightsFile} stands for. */
export type WeightsFormat =
  | 'safetensors'
  | 'keras-hdf5'
  | 'pytorch-zip'
  | 'pytorch-legacy'
  | 'numpy-npz'
  | 'numpy-npy'
  | 'numpy-pickle';

/** A tensor of a file of weights, before it is read. */
export interface TensorInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** Of its elements, in the file's type. */
  readonly bytes: number;
}

/** A table of tensors within a checkpoint that nests them. */
export interface WeightsTable {
  /** Keys from the outermost dictionary to the table, joined by `/`; empty for the outermost itself. */
  readonly path: string;
  readonly tensors: number;
}

/** An open file of weights in any format: names and shapes are in memory, tensors are read one by one. */
export interface WeightsFile {
  readonly path: string;
  readonly format: WeightsFormat;
  /** In the order of the file. */
  readonly tensors: readonly TensorInfo[];
  /** What the file says about itself: a checkpoint's epoch, Keras' version, the metadata of safetensors. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tables of a nested checkpoint; one with an empty path for every other file. */
  readonly tables: readonly WeightsTable[];
  /** The table whose tensors these are. `undefined` when none could be chosen: then names start with their table's path and `/`. */
  readonly table: string | undefined;
  /** What was done between the file and {@link tensors}, in plain words: a table chosen, a prefix removed, entries left out. */
  readonly notes: readonly string[];
  has(name: string): boolean;
  /** An unknown name is a {@link UserError} with the nearest one. */
  info(name: string): TensorInfo;
  read(name: string): Promise<StoredTensor>;
  /** {@link read} for weights: any other type than F32, F16, BF16 and F64 (rounded) is a {@link UserError}. */
  readFloat32(name: string): Promise<{ shape: readonly number[]; values: Float32Array }>;
  close(): Promise<void>;
}

/** A tensor of a file with the way to its values. */
export interface TensorSource {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  read(): Promise<StoredTensor>;
}

/** What {@link createWeightsFile} needs from a format. */
export interface WeightsFileParts {
  readonly path: string;
  readonly format: WeightsFormat;
  readonly sources: ReadonlyMap<string, TensorSource>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tables?: readonly WeightsTable[];
  readonly table?: string | undefined;
  readonly notes?: readonly string[];
  close(): Promise<void>;
}

/** A {@link WeightsFile} from the tensors of one format. */
export function createWeightsFile(parts: WeightsFileParts): WeightsFile {
  const { path, format, sources, metadata = {}, notes = [], close } = parts;
  const { tables = [{ path: '', tensors: sources.size }] } = parts;
  const infos = new Map(
    [...sources].map(([name, { shape, dtype }]) => [
      name,
      { name, shape, dtype, bytes: sizeOf(shape) * ELEMENTS[dtype].size },
    ]),
  );
  const info = (name: string) => infos.get(name) ?? unknownTensor(path, name, infos.keys());
  return {
    path,
    format,
    tensors: [...infos.values()],
    metadata,
    tables,
    table: 'table' in parts ? parts.table : '',
    notes,
    has: (name) => infos.has(name),
    info,
    read: async (name) => sources.get(info(name).name)!.read(),
    async readFloat32(name) {
      const { dtype } = info(name);
      const { shape, values } = await sources.get(name)!.read();
      if (values instanceof Float32Array) return { shape, values };
      if (values instanceof Float64Array) return { shape, values: Float32Array.from(values) };
      throw new UserError({
        given: `${path}: tensor '${name}' is of type ${dtype}`,
        expected: 'F32, F16, BF16 or F64',
      });
    },
    close,
  };
}

function unknownTensor(path: string, name: string, names: Iterable<string>): never {
  throw new UserError({
    given: `${path} has no tensor '${name}'`,
    ...didYouMean(name, names),
  });
}

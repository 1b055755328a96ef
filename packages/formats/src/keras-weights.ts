import { stat } from 'node:fs/promises';
import { explainFileError, messageOf, UserError } from '@unseen/core';
import type { Dataset, Entity, File, Group } from 'h5wasm/node';

/** A weight as Keras stores it: filters are [height, width, in, out], depthwise ones [height, width, channels, multiplier]. */
export interface KerasWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** In the file. */
  readonly dtype: 'F32' | 'F64';
}

/** A Keras HDF5 file. */
export interface KerasFile {
  readonly weights: ReadonlyMap<string, KerasWeight>;
  /** Attributes of the file that are text or numbers, such as Keras' version. */
  readonly metadata: Readonly<Record<string, string>>;
}

// A WebAssembly instance that has aborted does not work again.
let brokenBy: string | undefined;

// What gzip, the strongest of HDF5's usual filters, can shrink zeros to.
const MAX_COMPRESSION = 1032;

/**
 * Reads the weights of a Keras HDF5 file (`save_weights`, or a whole model), in the order of its layers. Names are
 * Keras' own, `layer/weight:0`. Damaged files and those of other programs are {@link UserError}s that name the file.
 */
export async function readKerasWeights(path: string): Promise<ReadonlyMap<string, KerasWeight>> {
  return (await readKerasFile(path)).weights;
}

/** {@link readKerasWeights} with what the file says about itself. */
export async function readKerasFile(path: string): Promise<KerasFile> {
  const { size } = await stat(path).catch((error) => {
    throw explainFileError(error, path);
  });
  // Loaded when needed: it is megabytes of WebAssembly.
  const { default: h5wasm } = await import('h5wasm/node');
  const library = await h5wasm.ready;
  if (brokenBy !== undefined) {
    throw new UserError({
      given: `${path} cannot be read since the damaged file ${brokenBy} broke the HDF5 library`,
      remedy: 'start the program again without that file',
    });
  }
  let file: File | undefined;
  try {
    // Otherwise HDF5 writes its own reports to the standard error and carries on.
    library.activate_throwing_error_handler();
    file = new h5wasm.File(path, 'r');
    const root = 'layer_names' in file.attrs ? file : file.get('model_weights');
    if (!isGroup(root) || !('layer_names' in root.attrs)) {
      throw notKeras(path, "has no attribute 'layer_names'");
    }
    return { weights: readLayers(root, path, size), metadata: metadataOf(file) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof Error && error.name === 'RuntimeError') brokenBy = path;
    throw notKeras(path, `cannot be read as HDF5 (${messageOf(error).split('\n')[0]})`, error);
  } finally {
    close(file);
  }
}

function metadataOf({ attrs }: File): Record<string, string> {
  const values = Object.entries(attrs).map(([name, { value }]) => [name, value] as const);
  return Object.fromEntries(
    values.flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  );
}

function readLayers(root: Group, path: string, fileSize: number): Map<string, KerasWeight> {
  const weights = new Map<string, KerasWeight>();
  for (const layer of namesOf(root, 'layer_names', path)) {
    const group = root.get(layer);
    if (!isGroup(group)) throw notKeras(path, `lacks the layer '${layer}' that it lists`);
    for (const name of namesOf(group, 'weight_names', path)) {
      const dataset = group.get(name);
      if (!isDataset(dataset)) throw notKeras(path, `lacks the weight '${name}' that it lists`);
      if (weights.has(name)) throw notKeras(path, `lists the weight '${name}' twice`);
      weights.set(name, readWeight(dataset, name, path, fileSize));
    }
  }
  return weights;
}

function readWeight(dataset: Dataset, name: string, path: string, fileSize: number): KerasWeight {
  const { shape, dtype, metadata } = dataset;
  const count = shape?.reduce((product, n) => product * n, 1) ?? 0;
  const room = metadata.chunks ? fileSize * MAX_COMPRESSION : fileSize;
  if (!shape || count * metadata.size > room) throw notKeras(path, `has an impossible shape for '${name}' (${shape})`);
  const { value } = dataset;
  const values = typeof value === 'number' ? Float32Array.of(value) : value;
  if (values instanceof Float64Array) return { shape, values: Float32Array.from(values), dtype: 'F64' };
  if (values instanceof Float32Array && values.length === count) return { shape, values, dtype: 'F32' };
  throw new UserError({ given: `${path}: weight '${name}' is of type ${JSON.stringify(dtype)}`, expected: 'floats' });
}

function namesOf(group: Group, attribute: string, path: string): string[] {
  const value = group.attrs[attribute]?.value;
  if (value === undefined) throw notKeras(path, `has no attribute '${attribute}' for a layer`);
  const names = Array.isArray(value) ? value : value === null || ArrayBuffer.isView(value) ? [] : [value];
  if (names.every((name) => typeof name === 'string')) return names;
  throw notKeras(path, `has an attribute '${attribute}' that is not text`);
}

// By their own label: the classes themselves are there only once the library is loaded.
const isGroup = (entity: Entity | null): entity is Group => isA(entity, 'Group');
const isDataset = (entity: Entity | null): entity is Dataset => isA(entity, 'Dataset');
const isA = (entity: Entity | null, type: string) =>
  entity !== null && 'type' in entity && String(entity.type) === type;

function close(file: File | undefined): void {
  try {
    file?.close();
  } catch {
    // Nothing was written, and a damaged file may not even close cleanly.
  }
}

function notKeras(path: string, what: string, cause?: unknown): UserError {
  return new UserError(
    {
      given: `${path} ${what}`,
      expected: 'Keras weights in HDF5',
      remedy: 'check that it is complete, and what wrote it',
    },
    { cause },
  );
}

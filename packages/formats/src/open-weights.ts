import type { FileHandle } from 'node:fs/promises';
import { explainFileError, openFile, UserError } from '@unseen/core';
import { openKerasFile } from './keras-weights.ts';
import { NPY_MAGIC } from './npy.ts';
import { isNpz, readNpz } from './npz.ts';
import { PickledArray } from './pickle/numpy-globals.ts';
import { readPickle } from './pickle/read-pickle.ts';
import { openSafetensors } from './safetensors.ts';
import { findStranger } from './strangers.ts';
import type { StoredTensor } from './tensor-values.ts';
import type { TorchCheckpoint } from './torch/checkpoint.ts';
import { LEGACY_MAGIC, openLegacyCheckpoint } from './torch/legacy-checkpoint.ts';
import { TorchTensor } from './torch/tensor.ts';
import { readZipCheckpoint, torchFolder } from './torch/zip-checkpoint.ts';
import { chooseTensors, type PickledTensor } from './weight-tables.ts';
import { createWeightsFile, type WeightsFile, type WeightsFormat } from './weights-file.ts';
import { openZip } from './zip.ts';

/** How a file of weights is read. */
export interface OpenWeightsOptions {
  /** The table of a nested checkpoint, by its keys joined with `/` (`state_dict`); chosen where it is clear otherwise. */
  readonly table?: string;
  /** Remove the `module.` that PyTorch's data parallelism puts before every name. Default: true. */
  readonly stripModule?: boolean;
}

/**
 * Opens a file of weights, whose format is told by its content: safetensors, Keras HDF5, PyTorch checkpoints (zip and
 * legacy), `.npz`, `.npy` and pickles of NumPy arrays. Nothing in it is executed. The caller closes it. Other and
 * damaged files are {@link UserError}s.
 */
export async function openWeights(path: string, options: OpenWeightsOptions = {}): Promise<WeightsFile> {
  const kind = await recognize(path);
  if (options.table !== undefined && !NESTED.has(kind)) {
    throw new UserError({ given: `${path} has no nested tables, so there is no '${options.table}'` });
  }
  switch (kind) {
    case 'safetensors':
      return openTensors(path);
    case 'keras-hdf5':
      return openKeras(path);
    case 'zip':
      return openArchive(path, options);
    case 'pytorch-legacy':
      return fromCheckpoint(await openLegacyCheckpoint(path), path, options);
    case 'numpy-npy':
    case 'numpy-pickle':
      return openPickle(path, kind, options);
  }
}

type Kind = Exclude<WeightsFormat, 'pytorch-zip' | 'numpy-npz'> | 'zip';

const NESTED: ReadonlySet<Kind> = new Set(['zip', 'pytorch-legacy', 'numpy-npy', 'numpy-pickle']);

const SIGNATURES: readonly (readonly [Kind, (start: Buffer) => boolean])[] = [
  ['keras-hdf5', (start) => start.toString('latin1', 0, 8) === '\x89HDF\r\n\x1a\n'],
  ['zip', (start) => start.toString('latin1', 0, 4) === 'PK\x03\x04'],
  ['numpy-npy', (start) => start.subarray(0, 6).equals(NPY_MAGIC)],
  ['pytorch-legacy', (start) => start[0] === 0x80 && start.subarray(0, 32).includes(LEGACY_MAGIC)],
  ['numpy-pickle', (start) => start[0] === 0x80 && start[1] >= 2 && start[1] <= 5],
  // Without a protocol: a dictionary, a list, or the array itself.
  ['numpy-pickle', (start) => /^(?:\([dl]p|cnumpy|ccollections|ccopy_reg)/.test(start.toString('latin1', 0, 16))],
  ['safetensors', (start) => start[8] === 0x7b],
];

async function recognize(path: string): Promise<Kind> {
  let file: FileHandle | undefined;
  let start: Buffer;
  try {
    file = await openFile(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    start = buffer.subarray(0, bytesRead);
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    await file?.close();
  }
  const known = SIGNATURES.find(([, matches]) => matches(start));
  if (known) return known[0];
  const stranger = findStranger(start);
  throw new UserError({
    given: `${path} is ${start.length === 0 ? 'empty' : (stranger?.given ?? 'not a recognized file of weights')}`,
    expected: 'weights: safetensors, Keras HDF5, a PyTorch checkpoint, .npz, .npy or a pickle of NumPy arrays',
    ...(stranger ? { remedy: stranger.remedy } : {}),
  });
}

async function openTensors(path: string): Promise<WeightsFile> {
  const file = await openSafetensors(path);
  const { names, metadata } = file;
  const sources = new Map(names.map((name) => [name, { ...file.info(name), read: () => file.read(name) }]));
  return createWeightsFile({ path, format: 'safetensors', sources, metadata, close: () => file.close() });
}

async function openKeras(path: string): Promise<WeightsFile> {
  const { weights: sources, metadata } = await openKerasFile(path);
  return createWeightsFile({ path, format: 'keras-hdf5', sources, metadata, close: async () => {} });
}

async function openArchive(path: string, options: OpenWeightsOptions): Promise<WeightsFile> {
  const archive = await openZip(path);
  try {
    const folder = torchFolder(archive);
    if (folder !== undefined) return fromCheckpoint(await readZipCheckpoint(archive, folder), path, options);
    if (isNpz(archive)) return await readNpz(archive);
    if (archive.entries.has('model.weights.h5')) {
      throw new UserError({
        given: `${path} is a model in the format of Keras 3 (.keras)`,
        expected: 'Keras HDF5',
        remedy: "save it once more in Keras with model.save('model.h5')",
      });
    }
    throw new UserError({
      given: `${path} is a zip archive of ${[...archive.entries.keys()].slice(0, 5).join(', ') || 'nothing'}`,
      expected: 'a PyTorch checkpoint (data.pkl) or arrays of NumPy (.npy)',
    });
  } catch (error) {
    await archive.close();
    throw error;
  }
}

async function fromCheckpoint(
  checkpoint: TorchCheckpoint,
  path: string,
  options: OpenWeightsOptions,
): Promise<WeightsFile> {
  try {
    const { tensors, ...chosen } = chooseTensors(checkpoint.root, path, options);
    const sources = sourcesOf(tensors, (tensor) => checkpoint.read(tensor));
    return createWeightsFile({ path, format: checkpoint.format, sources, ...chosen, close: () => checkpoint.close() });
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

async function openPickle(
  path: string,
  format: 'numpy-npy' | 'numpy-pickle',
  options: OpenWeightsOptions,
): Promise<WeightsFile> {
  const value = await readPickle(path);
  // A dictionary that was saved as an array is its one element.
  const wrapped = value instanceof PickledArray && value.dtype === undefined && value.shape.length === 0;
  const { tensors, ...chosen } = chooseTensors(wrapped ? value.values[0] : value, path, options);
  const sources = sourcesOf(tensors, () => {
    throw new UserError({ given: `${path} has PyTorch tensors in a NumPy pickle` });
  });
  return createWeightsFile({ path, format, sources, ...chosen, close: async () => {} });
}

function sourcesOf(tensors: ReadonlyMap<string, PickledTensor>, read: (tensor: TorchTensor) => Promise<StoredTensor>) {
  return new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      {
        shape: tensor.shape,
        dtype: tensor.dtype,
        read: async () =>
          tensor instanceof TorchTensor
            ? read(tensor)
            : { shape: tensor.shape, values: tensor.values as StoredTensor['values'] },
      },
    ]),
  );
}

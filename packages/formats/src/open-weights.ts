import { type FileHandle, open } from 'node:fs/promises';
import { explainFileError, UserError } from '@unseen/core';
import { readKerasFile } from './keras-weights.ts';
import { openSafetensors } from './safetensors.ts';
import { createWeightsFile, type WeightsFile } from './weights-file.ts';

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
  const start = await firstBytes(path);
  void options;
  if (start.toString('latin1', 0, 8) === '\x89HDF\r\n\x1a\n') return openKeras(path);
  if (start[8] === 0x7b) return openTensors(path);
  throw new UserError({ given: `${path} is of another kind`, expected: 'a file of weights' });
}

async function firstBytes(path: string): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    await file?.close();
  }
}

async function openTensors(path: string): Promise<WeightsFile> {
  const file = await openSafetensors(path);
  const { names, metadata } = file;
  const sources = new Map(names.map((name) => [name, { ...file.info(name), read: () => file.read(name) }]));
  return createWeightsFile({ path, format: 'safetensors', sources, metadata, close: () => file.close() });
}

async function openKeras(path: string): Promise<WeightsFile> {
  const { weights, metadata } = await readKerasFile(path);
  const sources = new Map(
    [...weights].map(([name, weight]) => [
      name,
      { shape: weight.shape, dtype: weight.dtype, read: async () => weight },
    ]),
  );
  return createWeightsFile({ path, format: 'keras-hdf5', sources, metadata, close: async () => {} });
}

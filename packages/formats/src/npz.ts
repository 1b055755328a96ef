import { damagedFile } from './file-bytes.ts';
import { NPY_HEADER_BYTES, parseNpyHeader } from './npy.ts';
import { decodeNumpy, numpyBytes } from './numpy-type.ts';
import { createWeightsFile, type TensorSource, type WeightsFile } from './weights-file.ts';
import type { ZipArchive, ZipEntry } from './zip.ts';

/** Whether an archive is one that `np.savez` writes. */
export function isNpz({ entries }: ZipArchive): boolean {
  return entries.size > 0 && [...entries.keys()].every((name) => name.endsWith('.npy'));
}

/** The arrays of an `.npz` archive, which the result then owns. Arrays of text and objects are left out and noted. */
export async function readNpz(archive: ZipArchive): Promise<WeightsFile> {
  const { path, entries } = archive;
  const sources = new Map<string, TensorSource>();
  const notes: string[] = [];
  for (const entry of entries.values()) {
    const name = entry.name.slice(0, -'.npy'.length);
    const source = await arrayOf(archive, entry);
    if (typeof source === 'string') notes.push(`left out '${name}': ${source}`);
    else sources.set(name, source);
  }
  return createWeightsFile({ path, format: 'numpy-npz', sources, notes, close: () => archive.close() });
}

async function arrayOf(archive: ZipArchive, { name, size }: ZipEntry): Promise<TensorSource | string> {
  const label = `${archive.path}: '${name}'`;
  const head = Buffer.from(await archive.read(name, 0, Math.min(size, NPY_HEADER_BYTES)));
  const { layout, start, description } = parseNpyHeader(head, label);
  if (!layout) return `elements of type ${description}`;
  const expected = numpyBytes(layout);
  if (size - start !== expected)
    throw damagedFile(label, `has ${size - start} bytes of data, not ${expected}`, 'a NumPy array');
  return {
    shape: layout.shape,
    dtype: layout.dtype,
    read: async () => ({
      shape: layout.shape,
      values: decodeNumpy((await archive.read(name)).subarray(start), layout, label),
    }),
  };
}

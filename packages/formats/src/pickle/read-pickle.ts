import { readFileBytes, withFile } from '../file-bytes.ts';
import { NPY_HEADER_BYTES, NPY_MAGIC, parseNpyHeader, requireNumbers } from '../npy.ts';
import { decodeNumpy } from '../numpy-type.ts';
import { BUILTIN_GLOBALS } from './builtin-globals.ts';
import { ByteCursor, type ByteSource, fileSource, memorySource } from './cursor.ts';
import { NUMPY_GLOBALS, PickledArray } from './numpy-globals.ts';
import { unpickle } from './unpickle.ts';
import type { PickleGlobals, PickleValue } from './values.ts';

const PLAIN: PickleGlobals = new Map([...BUILTIN_GLOBALS, ...NUMPY_GLOBALS]);

/**
 * Reads a pickle of plain data and NumPy arrays (protocols 0 to 5), or a `.npy` file of either kind, whose array of
 * objects is returned as it is: a dictionary that was saved so is its one value. Nothing is executed: any other name in
 * the pickle is a `UserError` that names it.
 */
export function readPickle(path: string): Promise<PickleValue> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const head = Buffer.from(await readFileBytes(file, path, 0, Math.min(size, NPY_HEADER_BYTES)));
    if (!head.subarray(0, NPY_MAGIC.length).equals(NPY_MAGIC)) return read(fileSource(file.fd, size, path), 0);
    const header = parseNpyHeader(head, path);
    if (header.description.endsWith('O')) return read(fileSource(file.fd, size, path), header.start);
    const layout = requireNumbers(header, path);
    const array = new PickledArray();
    array.shape = layout.shape;
    array.dtype = layout.dtype;
    array.values = decodeNumpy(await readFileBytes(file, path, header.start, size), layout, path);
    return array;
  });
}

/** {@link readPickle} of a pickle in memory; the name is for errors. */
export function decodePickle(bytes: Uint8Array, name: string): PickleValue {
  return read(memorySource(bytes, name), 0);
}

function read(source: ByteSource, start: number): PickleValue {
  return unpickle(new ByteCursor(source, start), { globals: PLAIN });
}

import { readBytes, UserError, writeFileAtomic } from '@unseen/core';
import { damagedFile } from './file-bytes.ts';
import { decodeNumpy, type NumpyLayout, parseNumpyType } from './numpy-type.ts';
import type { TensorValues } from './tensor-values.ts';

/** Numbers of an array file: half floats arrive as float32. Complex numbers, text and objects are not read. */
export type NpyValues = TensorValues;

/** An array in C order (last index fastest). */
export interface NpyArray {
  readonly shape: readonly number[];
  /** Booleans are 0 and 1. */
  readonly values: NpyValues;
}

/**
 * Decodes a NumPy array file (format 1 to 3, either byte order). Fortran order is turned into C order. Damaged files
 * and element types other than real numbers and booleans are {@link UserError}s that name the file.
 */
export function decodeNpy(input: Uint8Array, name: string): NpyArray {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const header = parseNpyHeader(bytes, name);
  const layout = requireNumbers(header, name);
  // A copy: values need to be aligned, and should not change with the input.
  return { shape: layout.shape, values: decodeNumpy(new Uint8Array(bytes.subarray(header.start)), layout, name) };
}

/** {@link decodeNpy} of a file. */
export async function readNpy(path: string): Promise<NpyArray> {
  return decodeNpy(await readBytes(path), path);
}

/** Encodes an array as a NumPy file (format 1.0, little endian, C order). */
export function encodeNpy({ shape, values }: NpyArray): Uint8Array {
  const count = shape.reduce((product, n) => product * n, 1);
  if (count !== values.length) throw new UserError({ given: `${values.length} values for the shape (${shape})` });
  const kind = values.constructor.name.startsWith('Float')
    ? 'f'
    : /^(?:Big)?U/.test(values.constructor.name)
      ? 'u'
      : 'i';
  const bytes = values.BYTES_PER_ELEMENT;
  const descr = `${bytes === 1 ? '|' : '<'}${kind}${bytes}`;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The data start on a multiple of 64 bytes, after a line end.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, ' ');
  NPY_MAGIC.copy(head);
  head.set([1, 0], 6);
  head.writeUInt16LE(length, 8);
  head.write(text, 10, 'latin1');
  head[head.length - 1] = 0x0a;
  return Buffer.concat([head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]);
}

/** {@link encodeNpy} to a file, atomically. */
export function writeNpy(path: string, array: NpyArray): Promise<void> {
  return writeFileAtomic(path, encodeNpy(array));
}

/** The first bytes of every array file. */
export const NPY_MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** Bytes in which every header of arrays of numbers ends. */
export const NPY_HEADER_BYTES = 1 << 16;

/** What an array file says before its data. */
export interface NpyHeader {
  /** NumPy's name of the element type; `record` for a list of fields. */
  readonly description: string;
  /** `undefined` for arrays of anything but numbers and booleans. */
  readonly layout: NumpyLayout | undefined;
  /** First index fastest. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Of the data. */
  readonly start: number;
}

/** Reads the header of an array file from the file's first bytes, {@link NPY_HEADER_BYTES} at most. */
export function parseNpyHeader(bytes: Buffer, name: string): NpyHeader {
  const { description = 'record', fortran, shape, start } = readHeader(bytes, name);
  const type = parseNumpyType(description);
  return { description, layout: type && { ...type, fortran, shape }, fortran, shape, start };
}

/** The layout of an array of numbers; of anything else it is a {@link UserError}. */
export function requireNumbers({ layout, description }: NpyHeader, name: string): NumpyLayout {
  if (layout) return layout;
  throw new UserError({
    given: `${name} holds elements of type ${description === 'record' ? description : `'${description}'`}`,
    expected: 'real numbers of 16, 32 or 64 bits, integers or booleans',
    remedy: "convert it in Python: np.save(path, array.astype('float32'))",
  });
}

function readHeader(bytes: Buffer, name: string) {
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(NPY_MAGIC)) throw damaged(name, 'has no NumPy signature');
  const version = bytes[6];
  if (version < 1 || version > 3) throw damaged(name, `is of format ${version}`);
  const from = version === 1 ? 10 : 12;
  const length = version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const start = from + length;
  if (start > bytes.length) throw damaged(name, 'ends inside its header');
  if (start > NPY_HEADER_BYTES) throw damaged(name, `has a header of ${length} bytes`);
  const text = bytes.toString('utf8', from, start);
  const descr = text.match(/'descr'\s*:\s*(?:'([^']{1,64})'|(\[))/);
  const order = text.match(/'fortran_order'\s*:\s*(True|False)/);
  const tuple = text.match(/'shape'\s*:\s*\(([\d\s,L]*)\)/);
  if (!descr || !order || !tuple) throw damaged(name, 'has a header that NumPy does not write');
  const shape = tuple[1]
    .split(',')
    .map((part) => part.replace('L', '').trim())
    .filter((part) => part !== '')
    .map(Number);
  if (!shape.every(Number.isSafeInteger)) throw damaged(name, 'has an impossible shape');
  return { description: descr[1], fortran: order[1] === 'True', shape, start };
}

const damaged = (name: string, what: string) => damagedFile(name, what, 'a NumPy array file (.npy)');

import { readFile } from 'node:fs/promises';
import { explainFileError, UserError, writeFileAtomic } from '@unseen/core';

/** Numbers of an array file. Half floats, complex numbers, text and objects are not read. */
export type NpyValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** An array in C order (last index fastest). */
export interface NpyArray {
  readonly shape: readonly number[];
  /** Booleans are 0 and 1. */
  readonly values: NpyValues;
}

const TYPES = {
  f4: { bytes: 4, make: (b: ArrayBuffer): NpyValues => new Float32Array(b) },
  f8: { bytes: 8, make: (b: ArrayBuffer): NpyValues => new Float64Array(b) },
  i1: { bytes: 1, make: (b: ArrayBuffer): NpyValues => new Int8Array(b) },
  i2: { bytes: 2, make: (b: ArrayBuffer): NpyValues => new Int16Array(b) },
  i4: { bytes: 4, make: (b: ArrayBuffer): NpyValues => new Int32Array(b) },
  i8: { bytes: 8, make: (b: ArrayBuffer): NpyValues => new BigInt64Array(b) },
  u1: { bytes: 1, make: (b: ArrayBuffer): NpyValues => new Uint8Array(b) },
  u2: { bytes: 2, make: (b: ArrayBuffer): NpyValues => new Uint16Array(b) },
  u4: { bytes: 4, make: (b: ArrayBuffer): NpyValues => new Uint32Array(b) },
  u8: { bytes: 8, make: (b: ArrayBuffer): NpyValues => new BigUint64Array(b) },
  b1: { bytes: 1, make: (b: ArrayBuffer): NpyValues => new Uint8Array(b) },
} as const;

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/**
 * Decodes a NumPy array file (format 1 to 3, either byte order). Fortran order is turned into C order. Damaged files
 * and element types other than real numbers and booleans are {@link UserError}s that name the file.
 */
export function decodeNpy(input: Uint8Array, name: string): NpyArray {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const { type, swapped, fortran, shape, start } = readHeader(bytes, name);
  const count = shape.reduce((product, n) => product * n, 1);
  const size = count * TYPES[type].bytes;
  if (bytes.length - start !== size) {
    throw damaged(name, `has ${bytes.length - start} bytes of data for the shape (${shape.join(', ')}), not ${size}`);
  }
  const data = new Uint8Array(bytes.subarray(start));
  if (swapped) swap(data, TYPES[type].bytes);
  const values = TYPES[type].make(data.buffer);
  return { shape, values: fortran ? toRowOrder(values, shape) : values };
}

/** {@link decodeNpy} of a file. */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readFile(path).catch((error) => {
    throw explainFileError(error, path);
  });
  return decodeNpy(bytes, path);
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
  MAGIC.copy(head);
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

function readHeader(bytes: Buffer, name: string) {
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(MAGIC)) throw damaged(name, 'has no NumPy signature');
  const version = bytes[6];
  if (version < 1 || version > 3) throw damaged(name, `is of format ${version}`);
  const from = version === 1 ? 10 : 12;
  const length = version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const start = from + length;
  if (start > bytes.length) throw damaged(name, 'ends inside its header');
  const text = bytes.toString('utf8', from, start);
  const descr = text.match(/'descr'\s*:\s*(?:'([^']{1,64})'|(\[))/);
  const order = text.match(/'fortran_order'\s*:\s*(True|False)/);
  const tuple = text.match(/'shape'\s*:\s*\(([\d\s,L]*)\)/);
  if (!descr || !order || !tuple) throw damaged(name, 'has a header that is not a NumPy one');
  const [, endian, type] = descr[1]?.match(/^([<>|=]?)(\w+)$/) ?? [];
  if (!type || !Object.hasOwn(TYPES, type)) {
    throw new UserError({
      given: `${name} holds elements of type ${descr[1] ? `'${descr[1]}'` : 'record'}`,
      expected: 'real numbers of 32 or 64 bits, integers or booleans',
      remedy: "convert it in Python: np.save(path, array.astype('float32'))",
    });
  }
  const shape = tuple[1]
    .split(',')
    .map((part) => part.replace('L', '').trim())
    .filter((part) => part !== '')
    .map(Number);
  if (!shape.every(Number.isSafeInteger)) throw damaged(name, 'has an impossible shape');
  return { type: type as keyof typeof TYPES, swapped: endian === '>', fortran: order[1] === 'True', shape, start };
}

function swap(data: Uint8Array, bytes: number): void {
  for (let at = 0; at < data.length; at += bytes) data.subarray(at, at + bytes).reverse();
}

function toRowOrder(values: NpyValues, shape: readonly number[]): NpyValues {
  const out = values.slice();
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, n) => product * n, 1));
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = values[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

function damaged(name: string, what: string): UserError {
  return new UserError({
    given: `${name} ${what}`,
    expected: 'a NumPy array file (.npy)',
    remedy: 'it may be damaged or cut short: get it again',
  });
}

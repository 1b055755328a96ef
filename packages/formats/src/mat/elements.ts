import { damagedFile } from '../file-bytes.ts';
import type { TensorValues } from '../tensor-values.ts';
import type { MatNumberClass } from './values.ts';

/** A part of a version 5 file: a tag and what follows it. */
export interface MatElement {
  readonly type: number;
  readonly body: DataView;
}

/** Types of {@link MatElement}s. */
export const MI = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  single: 7,
  double: 9,
  int64: 12,
  uint64: 13,
  matrix: 14,
  compressed: 15,
  utf8: 16,
  utf16: 17,
  utf32: 18,
} as const;

interface NumberType {
  readonly size: number;
  readonly allocate: (length: number) => TensorValues;
  readonly get: (view: DataView, at: number, little: boolean) => number | bigint;
}

const NUMBERS: Readonly<Record<number, NumberType>> = {
  [MI.int8]: { size: 1, allocate: (n) => new Int8Array(n), get: (v, at) => v.getInt8(at) },
  [MI.uint8]: { size: 1, allocate: (n) => new Uint8Array(n), get: (v, at) => v.getUint8(at) },
  [MI.int16]: { size: 2, allocate: (n) => new Int16Array(n), get: (v, at, e) => v.getInt16(at, e) },
  [MI.uint16]: { size: 2, allocate: (n) => new Uint16Array(n), get: (v, at, e) => v.getUint16(at, e) },
  [MI.int32]: { size: 4, allocate: (n) => new Int32Array(n), get: (v, at, e) => v.getInt32(at, e) },
  [MI.uint32]: { size: 4, allocate: (n) => new Uint32Array(n), get: (v, at, e) => v.getUint32(at, e) },
  [MI.single]: { size: 4, allocate: (n) => new Float32Array(n), get: (v, at, e) => v.getFloat32(at, e) },
  [MI.double]: { size: 8, allocate: (n) => new Float64Array(n), get: (v, at, e) => v.getFloat64(at, e) },
  [MI.int64]: { size: 8, allocate: (n) => new BigInt64Array(n), get: (v, at, e) => v.getBigInt64(at, e) },
  [MI.uint64]: { size: 8, allocate: (n) => new BigUint64Array(n), get: (v, at, e) => v.getBigUint64(at, e) },
};

const TYPE_OF_CLASS: Readonly<Record<MatNumberClass, number>> = { ...MI, logical: MI.uint8 };

// A few compressed bytes that are repeated can promise more than memory has.
const MAX_VALUES = 1_000_000;
const MAX_TEXT_BYTES = 1 << 24;

/** What may still be decoded of a file. */
interface Budget {
  values: number;
  textBytes: number;
}

/** Reads the elements of a file or of a matrix one after the other. `path` stands for the file in messages. */
export class ElementReader {
  readonly path: string;
  readonly little: boolean;
  private readonly view: DataView;
  private readonly budget: Budget;
  private at = 0;

  constructor(
    view: DataView,
    path: string,
    little: boolean,
    budget: Budget = { values: MAX_VALUES, textBytes: MAX_TEXT_BYTES },
  ) {
    this.view = view;
    this.path = path;
    this.little = little;
    this.budget = budget;
  }

  get done(): boolean {
    return this.at >= this.view.byteLength;
  }

  /** The next element; with a list of types, one of those. */
  next(types?: readonly number[]): MatElement {
    const element = this.read();
    if (types && !types.includes(element.type)) {
      throw damaged(this.path, `has an element of type ${element.type}, not ${types.join(' or ')}`);
    }
    return element;
  }

  /** The next element, one that is decoded whether anybody asks for it or not: a shape, a name, a text. */
  nextText(types?: readonly number[]): MatElement {
    const element = this.next(types);
    this.budget.textBytes -= element.body.byteLength;
    if (this.budget.textBytes >= 0) return element;
    throw damaged(this.path, `has more than ${MAX_TEXT_BYTES} bytes of text, names and shapes`);
  }

  /** Counts values or fields that are about to be made. */
  spend(values: number): void {
    this.budget.values -= values;
    if (this.budget.values < 0) throw damaged(this.path, `has more than ${MAX_VALUES} values`);
  }

  /** The elements of a matrix. */
  inside(body: DataView): ElementReader {
    return new ElementReader(body, this.path, this.little, this.budget);
  }

  /** Numbers as they are stored, converted to a class that holds them all. */
  numbers({ type, body }: MatElement, target: MatNumberClass): TensorValues {
    const stored = NUMBERS[type];
    const wanted = NUMBERS[TYPE_OF_CLASS[target]];
    const values = wanted.allocate(this.count({ type, body }));
    const big = values instanceof BigInt64Array || values instanceof BigUint64Array;
    for (let i = 0; i < values.length; i++) {
      const value = stored.get(body, i * stored.size, this.little);
      values[i] = big ? wholeBigInt(value, this.path) : Number(value);
      // Small whole numbers are stored in fewer bytes than their class has, never in more.
      const kept = Number(values[i]);
      if (kept !== Number(value) && target !== 'single' && !Number.isNaN(kept)) {
        throw damaged(this.path, `has the number ${value} in an array of the class '${target}'`);
      }
    }
    return values;
  }

  /** How many numbers an element holds. */
  count({ type, body }: MatElement): number {
    const stored = NUMBERS[type];
    if (!stored) throw damaged(this.path, `has an element of type ${type}, not numbers`);
    if (body.byteLength % stored.size !== 0) throw damaged(this.path, 'has an incomplete number');
    return body.byteLength / stored.size;
  }

  private read(): MatElement {
    const { view, at, little } = this;
    if (at + 8 > view.byteLength) throw damaged(this.path, 'ends early');
    const first = view.getUint32(at, little);
    const small = first >>> 16;
    const type = small === 0 ? first : first & 0xffff;
    const length = small === 0 ? view.getUint32(at + 4, little) : small;
    const start = view.byteOffset + at + (small === 0 ? 8 : 4);
    const room = view.byteLength - at - (small === 0 ? 8 : 4);
    if (length > (small === 0 ? room : 4)) throw damaged(this.path, 'ends early');
    // Compressed elements follow each other at once, all others start at multiples of 8; the last one may lack its filling.
    const size = small > 0 ? 8 : 8 + (type === MI.compressed ? length : Math.ceil(length / 8) * 8);
    this.at = Math.min(at + size, view.byteLength);
    return { type, body: new DataView(view.buffer, start, length) };
  }
}

function wholeBigInt(value: number | bigint, path: string): bigint {
  if (typeof value === 'number' && !Number.isInteger(value)) throw damaged(path, `has ${value} among whole numbers`);
  return BigInt(value);
}

/** The error for a file that contradicts itself. */
export const damaged = (path: string, what: string, cause?: unknown) =>
  damagedFile(path, what, 'a MATLAB file of version 5 or 7.3', cause);

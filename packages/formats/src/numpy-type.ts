import { UserError } from '@unseen/core';
import { gather } from './gather.ts';
import { ELEMENTS, type ElementType, sizeOf, type TensorValues } from './tensor-values.ts';

/** How NumPy stores the elements of an array of numbers. */
export interface NumpyLayout {
  readonly dtype: ElementType;
  /** Big endian. */
  readonly swapped: boolean;
  /** First index fastest. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

const TYPES: Readonly<Record<string, ElementType>> = {
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  u8: 'U64',
  b1: 'BOOL',
};

/** The element type of a NumPy description such as `<f4`; other kinds than numbers and booleans give `undefined`. */
export function parseNumpyType(description: string): { dtype: ElementType; swapped: boolean } | undefined {
  const [, endian, type] = description.match(/^([<>|=]?)(\w+)$/) ?? [];
  if (!type || !Object.hasOwn(TYPES, type)) return undefined;
  return { dtype: TYPES[type], swapped: endian === '>' };
}

/** Bytes of an array of numbers. */
export function numpyBytes({ dtype, shape }: NumpyLayout): number {
  return sizeOf(shape) * ELEMENTS[dtype].size;
}

/**
 * Numbers in C order and the machine's byte order; half floats arrive as float32. Bytes that are aligned and in order
 * already are shared, not copied, and of another length than the layout's they are a {@link UserError}.
 */
export function decodeNumpy(bytes: Uint8Array, layout: NumpyLayout, name: string): TensorValues {
  const { dtype, swapped, fortran, shape } = layout;
  const expected = numpyBytes(layout);
  if (bytes.length !== expected) {
    throw new UserError({
      given: `${name} has ${bytes.length} bytes of data for the shape (${shape.join(', ')}), not ${expected}`,
      remedy: 'it may be damaged or truncated; download it again',
    });
  }
  const { size, values } = ELEMENTS[dtype];
  const whole = bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length && !swapped;
  const data = whole && bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
  if (swapped) swap(data, size);
  const numbers = values(data.buffer as ArrayBuffer);
  return fortran && shape.length > 1 ? toRowOrder(numbers, shape) : numbers;
}

function swap(data: Uint8Array, bytes: number): void {
  for (let at = 0; at < data.length; at += bytes) data.subarray(at, at + bytes).reverse();
}

function toRowOrder(values: TensorValues, shape: readonly number[]): TensorValues {
  const out = values.slice();
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  gather(values, out, shape, strides);
  return out;
}

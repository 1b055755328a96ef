/** Numbers of a tensor. 16-bit floats arrive as float32, BOOL as 0 and 1. */
export type TensorValues =
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

/** A tensor as it is stored, row by row. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/** Element types of files of weights, by the names that safetensors uses. */
export type ElementType = keyof typeof ELEMENTS;

interface Element {
  /** Bytes of one. */
  readonly size: number;
  /** Of little-endian bytes, which the result may share. */
  readonly values: (bytes: ArrayBuffer) => TensorValues;
}

const element = (size: number, values: (bytes: ArrayBuffer) => TensorValues): Element => ({ size, values });

/** How the elements of a file's tensors are decoded. */
export const ELEMENTS = {
  F64: element(8, (b) => new Float64Array(b)),
  F32: element(4, (b) => new Float32Array(b)),
  F16: element(2, (b) => Float32Array.from(new Uint16Array(b), halfToFloat)),
  BF16: element(2, (b) => new Float32Array(Uint32Array.from(new Uint16Array(b), (x) => x << 16).buffer)),
  I64: element(8, (b) => new BigInt64Array(b)),
  U64: element(8, (b) => new BigUint64Array(b)),
  I32: element(4, (b) => new Int32Array(b)),
  U32: element(4, (b) => new Uint32Array(b)),
  I16: element(2, (b) => new Int16Array(b)),
  U16: element(2, (b) => new Uint16Array(b)),
  I8: element(1, (b) => new Int8Array(b)),
  U8: element(1, (b) => new Uint8Array(b)),
  BOOL: element(1, (b) => new Uint8Array(b)),
};

/** The elements of a tensor; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** The value of an IEEE 754 half float. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

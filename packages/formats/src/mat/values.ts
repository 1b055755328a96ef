import { UserError } from '@unseen/core';
import { gather } from '../gather.ts';
import { sizeOf, type TensorValues } from '../tensor-values.ts';

/** Classes of MATLAB arrays that hold numbers. */
export type MatNumberClass =
  | 'double'
  | 'single'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'logical';

/** Numbers, which are decoded when they are asked for. */
export interface MatArray {
  readonly kind: 'array';
  readonly class: MatNumberClass;
  /** Rows, columns and so on. */
  readonly shape: readonly number[];
  /** The numbers as MATLAB orders them: the first index runs fastest. Logical ones are 0 and 1. */
  read(): Promise<TensorValues>;
}

/** Text. */
export interface MatChars {
  readonly kind: 'chars';
  readonly shape: readonly number[];
  /** One string for each row. */
  readonly rows: readonly string[];
}

/** Structs of the same fields. */
export interface MatStruct {
  readonly kind: 'struct';
  /** `[1, 1]` for a single one. */
  readonly shape: readonly number[];
  /** First index fastest; each with its fields in their order. */
  readonly elements: readonly ReadonlyMap<string, MatValue>[];
}

/** Values of any kind. */
export interface MatCell {
  readonly kind: 'cell';
  readonly shape: readonly number[];
  /** First index fastest. */
  readonly elements: readonly MatValue[];
}

/** Something that is not read: sparse and complex arrays, objects, functions, references. */
export interface MatUnsupported {
  readonly kind: 'unsupported';
  /** What it is, such as `sparse`. */
  readonly class: string;
}

/** A value of a MATLAB file. */
export type MatValue = MatArray | MatChars | MatStruct | MatCell | MatUnsupported;

/**
 * Follows a path such as `GTcls.Segmentation` through structs of one element to an array of numbers. Anything else on
 * the way is a {@link UserError}; `name` stands for the file in it.
 */
export function findMatArray(variables: ReadonlyMap<string, MatValue>, path: string, name: string): MatArray {
  let fields = variables;
  const names = path.split('.');
  for (const [i, field] of names.entries()) {
    const value = fields.get(field);
    const place = names.slice(0, i + 1).join('.');
    if (!value) {
      throw new UserError({
        given: `${name} has no '${place}'`,
        expected: `an array of numbers under '${path}'`,
        remedy: `it has: ${[...fields.keys()].join(', ') || 'nothing'}`,
      });
    }
    if (i === names.length - 1 && value.kind === 'array') return value;
    if (i === names.length - 1 || value.kind !== 'struct' || value.elements.length !== 1) {
      const what =
        value.kind === 'unsupported' ? `of the class '${value.class}', which is not read` : `a ${value.kind}`;
      throw new UserError({ given: `${name}: '${place}' is ${what}`, expected: `an array of numbers under '${path}'` });
    }
    fields = value.elements[0];
  }
  throw new UserError({ given: `an empty path into ${name}` });
}

/** Reads an array with its last index fastest, as the rest of this toolkit orders numbers. */
export async function readRowMajor(
  array: MatArray,
): Promise<{ readonly shape: readonly number[]; readonly values: TensorValues }> {
  const { shape } = array;
  const values = await array.read();
  const rowMajor = values.slice();
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  gather(values, rowMajor, shape, strides);
  return { shape, values: rowMajor };
}

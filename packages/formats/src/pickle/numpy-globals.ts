import { decodeNumpy, numpyBytes, parseNumpyType } from '../numpy-type.ts';
import { type ElementType, sizeOf, type TensorValues } from '../tensor-values.ts';
import { globalTable, type PickleContext, PickledObject, type PickleGlobals, type PickleValue } from './values.ts';

/** A NumPy array out of a pickle. */
export class PickledArray extends PickledObject {
  shape: readonly number[] = [0];
  /** Of the numbers in the file; `undefined` for text and objects. */
  dtype: ElementType | undefined = 'U8';
  /** In C order. */
  values: TensorValues | readonly PickleValue[] = new Uint8Array(0);

  override setState(state: PickleValue, context: PickleContext): void {
    if (!Array.isArray(state) || state.length < 4 || state.length > 5)
      throw context.fail('has an unknown kind of array');
    const [shape, type, fortran, data] = state.slice(-4) as PickleValue[];
    this.fill(shape, type, fortran === true || fortran === 1, data, context);
  }

  fill(shape: PickleValue, type: PickleValue, fortran: boolean, data: PickleValue, context: PickleContext): void {
    if (!(type instanceof NumpyType)) throw context.fail('has an array without an element type');
    this.shape = countsOf(shape, context);
    this.dtype = type.numbers?.dtype;
    this.values = type.numbers
      ? numbersOf(type.numbers, this.shape, fortran, data, context)
      : type.decode(sizeOf(this.shape), data, context);
    if (!type.numbers && fortran && this.shape.length > 1) throw context.fail('has objects in Fortran order');
  }

  override describe(): string {
    return `an array (${this.shape.join(', ')})`;
  }
}

/** An element type out of a pickle. */
class NumpyType extends PickledObject {
  numbers: { readonly dtype: ElementType; readonly swapped: boolean } | undefined;
  private readonly kind: string;
  private readonly itemSize: number;
  private swapped = false;

  constructor(description: string, context: PickleContext) {
    super();
    const [, kind, size] = description.match(/^[<>|=]?([a-zA-Z])(\d{0,9})$/) ?? [];
    this.numbers = parseNumpyType(description);
    this.kind = kind;
    this.itemSize = Number(size || 0) * (kind === 'U' ? 4 : 1);
    if (!this.numbers && !/^[OSU]$/.test(kind ?? '')) throw context.fail(`has elements of type '${description}'`);
  }

  /** `(version, byte order, sub-array, names, fields, size, alignment, flags, ...)` */
  override setState(state: PickleValue, context: PickleContext): void {
    if (!Array.isArray(state) || state.length < 5) throw context.fail('has an unknown kind of element type');
    const [, order, subarray, names, fields] = state as PickleValue[];
    if (subarray !== null || names !== null || fields !== null) throw context.fail('has an array of records');
    this.swapped = order === '>';
    if (this.numbers) this.numbers = { ...this.numbers, swapped: this.swapped };
  }

  override describe(): string {
    return 'an element type';
  }

  /** Text or objects, one by one. */
  decode(count: number, data: PickleValue, context: PickleContext): readonly PickleValue[] {
    if (this.kind === 'O') {
      if (!Array.isArray(data) || data.length !== count)
        throw context.fail('has an array of another size than its shape');
      return data;
    }
    const bytes = bytesOf(data, context);
    if (bytes.length !== count * this.itemSize) throw context.fail('has an array of another size than its shape');
    context.charge(32 * count);
    context.chargeData(2 * bytes.length);
    return Array.from({ length: count }, (_, i) => {
      const item = Buffer.from(bytes.subarray(i * this.itemSize, (i + 1) * this.itemSize));
      return (this.kind === 'S' ? item.toString('latin1') : this.unicode(item, context)).replace(/\0+$/, '');
    });
  }

  private unicode(bytes: Buffer, context: PickleContext): string {
    const points: number[] = [];
    for (let i = 0; i < bytes.length; i += 4) points.push(this.swapped ? bytes.readUInt32BE(i) : bytes.readUInt32LE(i));
    if (points.some((point) => point > 0x10ffff)) throw context.fail('has text with impossible characters');
    return points.map((point) => String.fromCodePoint(point)).join('');
  }
}

function numbersOf(
  type: { readonly dtype: ElementType; readonly swapped: boolean },
  shape: readonly number[],
  fortran: boolean,
  data: PickleValue,
  context: PickleContext,
): TensorValues {
  const layout = { ...type, shape, fortran };
  const bytes = bytesOf(data, context);
  if (bytes.length !== numpyBytes(layout)) throw context.fail('has an array of another size than its shape');
  context.chargeData(bytes.length);
  return decodeNumpy(bytes, layout, 'an array');
}

/** Python 2 keeps bytes as text. */
function bytesOf(data: PickleValue, context: PickleContext): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (typeof data !== 'string') throw context.fail('has an array without bytes');
  context.chargeData(data.length);
  return new Uint8Array(Buffer.from(data, 'latin1'));
}

/** Sizes out of a pickle: a tuple of counts. */
export function countsOf(value: PickleValue, context: PickleContext): readonly number[] {
  const counts = Array.isArray(value) ? (value as PickleValue[]) : [undefined];
  if (counts.every((n): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0)) {
    if (Number.isSafeInteger(sizeOf(counts)) && counts.length <= 64) return counts;
  }
  throw context.fail('has an impossible shape');
}

function scalar([type, data]: readonly PickleValue[], context: PickleContext): PickleValue {
  if (!(type instanceof NumpyType)) throw context.fail('has a number without a type');
  if (!type.numbers) return type.decode(1, data, context)[0];
  return numbersOf(type.numbers, [], false, data, context)[0];
}

function fromBuffer([data, type, shape, order]: readonly PickleValue[], context: PickleContext): PickleValue {
  const array = new PickledArray();
  array.fill(shape, type, order === 'F', data, context);
  return array;
}

const core = {
  'multiarray._reconstruct': () => new PickledArray(),
  'multiarray.scalar': scalar,
  'numeric._frombuffer': fromBuffer,
};

/** Arrays, numbers and element types of NumPy, under the module names of all its versions. */
export const NUMPY_GLOBALS: PickleGlobals = globalTable({
  ...Object.fromEntries(Object.entries(core).map(([name, build]) => [`numpy.core.${name}`, build])),
  ...Object.fromEntries(Object.entries(core).map(([name, build]) => [`numpy._core.${name}`, build])),
  'numpy.ndarray': undefined,
  'numpy.dtype': ([description]: readonly PickleValue[], context: PickleContext) => {
    if (typeof description !== 'string') throw context.fail('has an element type that is not text');
    return new NumpyType(description, context);
  },
});

import { describeHdf5, type Hdf5Entity, readHdf5 } from '../hdf5.ts';
import { sizeOf, type TensorValues } from '../tensor-values.ts';
import { charsOf } from './chars.ts';
import { damaged } from './elements.ts';
import type { MatNumberClass, MatUnsupported, MatValue } from './values.ts';

const CLASS_OF_TYPE: Readonly<Record<string, MatNumberClass>> = {
  ...{ d: 'double', f: 'single', b: 'int8', B: 'uint8', h: 'int16', H: 'uint16' },
  ...{ i: 'int32', I: 'uint32', q: 'int64', Q: 'uint64' },
};
const LONGEST_TEXT = 1 << 20;

/** Variables of a file of version 7.3, which is HDF5 with the indices in reverse order. */
export async function readVersion73(path: string, names?: readonly string[]): Promise<Map<string, MatValue>> {
  const entities = await describeHdf5(path);
  const childrenOf = new Map<string, Hdf5Entity[]>();
  for (const entity of entities.values()) {
    if (entity.path === '') continue;
    const parent = entity.path.slice(0, entity.path.lastIndexOf('/'));
    const siblings = childrenOf.get(parent) ?? [];
    siblings.push(entity);
    childrenOf.set(parent, siblings);
  }
  const fieldsOf = async (group: string, wanted?: readonly string[]): Promise<Map<string, MatValue>> => {
    const fields = new Map<string, MatValue>();
    for (const entity of childrenOf.get(group) ?? []) {
      const name = entity.path.slice(group.length + 1);
      // What begins so is MATLAB's own: the targets of references.
      if (group === '' && (name.startsWith('#') || (wanted && !wanted.includes(name)))) continue;
      fields.set(name, entity.array ? await arrayOf(path, entity) : structOf(await fieldsOf(entity.path)));
    }
    return fields;
  };
  return fieldsOf('', names);
}

const structOf = (fields: ReadonlyMap<string, MatValue>): MatValue => ({
  kind: 'struct',
  shape: [1, 1],
  elements: [fields],
});

async function arrayOf(path: string, { path: name, attributes, array }: Hdf5Entity): Promise<MatValue> {
  const { shape: stored, dtype } = array!;
  const marked = attributes.MATLAB_class;
  const type = CLASS_OF_TYPE[dtype.replace(/^[<>|=]/, '')];
  const className = typeof marked === 'string' ? marked.replace(/\0.*$/s, '') : type;
  // Cells, and structs of several elements, are references to other places.
  if (type === undefined) return unsupported(className ?? 'reference');
  const shape = stored.length === 0 ? [1, 1] : stored.toReversed();
  if (shape.length === 1) shape.push(1);
  const read = async (): Promise<TensorValues> => {
    const values = await readHdf5(path, name);
    if (values.length !== sizeOf(shape)) throw damaged(path, `has ${values.length} numbers in '${name.slice(1)}'`);
    return values;
  };
  if (className === 'char' && !isEmpty(attributes.MATLAB_empty)) {
    if (sizeOf(shape) > LONGEST_TEXT) throw damaged(path, `has a text of ${sizeOf(shape)} letters`);
    const codes = (await read()) as ArrayLike<number | bigint>;
    return charsOf(
      Array.from(codes, (code) => String.fromCharCode(Number(code))),
      shape,
    );
  }
  const known: readonly unknown[] = [...Object.values(CLASS_OF_TYPE), 'logical'];
  if (!known.includes(className)) return unsupported(String(className));
  const numbers = { kind: 'array', class: className as MatNumberClass } as const;
  // An empty array has its shape in the place of its numbers.
  if (isEmpty(attributes.MATLAB_empty)) return { ...numbers, shape: [0, 0], read: async () => new Float64Array(0) };
  return { ...numbers, shape, read };
}

const unsupported = (name: string): MatUnsupported => ({ kind: 'unsupported', class: name });

/** The mark is a number; files without it are not empty. */
const isEmpty = (mark: unknown) => mark !== undefined && Number(mark) !== 0;

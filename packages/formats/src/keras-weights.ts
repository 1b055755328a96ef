import { UserError } from '@unseen/core';
import { damagedFile } from './file-bytes.ts';
import { describeHdf5, type Hdf5Entity, type Hdf5Options, readHdf5 } from './hdf5.ts';

/** A weight as Keras stores it: filters are [height, width, in, out], depthwise ones [height, width, channels, multiplier]. */
export interface KerasWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** In the file. */
  readonly dtype: KerasType;
}

/** Element types of Keras weights; all are read as float32. */
export type KerasType = 'F32' | 'F64';

/** A weight of a Keras file, before it is read. */
export interface KerasWeightInfo {
  readonly shape: readonly number[];
  readonly dtype: KerasType;
  read(): Promise<KerasWeight>;
}

/** A Keras HDF5 file. */
export interface KerasFile {
  readonly weights: ReadonlyMap<string, KerasWeightInfo>;
  /** Attributes of the file that are text or numbers, such as Keras' version. */
  readonly metadata: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<string, KerasType>> = { '<f': 'F32', '<d': 'F64' };

/**
 * Reads the weights of a Keras HDF5 file (`save_weights`, or a whole model), in the order of its layers. Names are
 * Keras' own, `layer/weight:0`. Damaged files and those of other programs are {@link UserError}s that name the file.
 */
export async function readKerasWeights(
  path: string,
  options: Hdf5Options = {},
): Promise<ReadonlyMap<string, KerasWeight>> {
  const { weights } = await openKerasFile(path, options);
  const read = new Map<string, KerasWeight>();
  for (const [name, weight] of weights) read.set(name, await weight.read());
  return read;
}

/** Names, shapes and types of {@link readKerasWeights}, to be read one by one, with what the file says about itself. */
export async function openKerasFile(path: string, options: Hdf5Options = {}): Promise<KerasFile> {
  const entities = await describeHdf5(path, options);
  const root = [entities.get('')!, entities.get('/model_weights')].find(
    (group) => group && 'layer_names' in group.attributes,
  );
  if (!root) {
    const isNewer = ['/layers', '/_layer_checkpoint_dependencies'].some((group) => entities.has(group));
    if (!isNewer) throw notKeras(path, "has no attribute 'layer_names'");
    throw new UserError({
      given: `${path} has weights in the format of Keras 3 (.weights.h5), which does not keep their names`,
      expected: 'Keras HDF5',
      remedy: "save the whole model in Keras with model.save('model.h5')",
    });
  }
  const weights = new Map<string, KerasWeightInfo>();
  for (const layer of namesOf(root, 'layer_names', path)) {
    const group = entities.get(`${root.path}/${layer}`);
    if (!group || group.array) throw notKeras(path, `lacks the layer '${layer}' that it lists`);
    for (const name of namesOf(group, 'weight_names', path)) {
      const entity = entities.get(`${group.path}/${name}`);
      if (!entity?.array) throw notKeras(path, `lacks the weight '${name}' that it lists`);
      if (weights.has(name)) throw notKeras(path, `lists the weight '${name}' twice`);
      weights.set(name, weightOf(entity, name, path, options));
    }
  }
  return { weights, metadata: metadataOf(entities.get('')!) };
}

function weightOf(
  { path: location, array }: Hdf5Entity,
  name: string,
  path: string,
  options: Hdf5Options,
): KerasWeightInfo {
  const { shape, dtype: given } = array!;
  const dtype = Object.hasOwn(TYPES, given) ? TYPES[given] : undefined;
  if (!dtype) throw new UserError({ given: `${path}: weight '${name}' is of type '${given}'`, expected: 'floats' });
  return {
    shape,
    dtype,
    async read() {
      const numbers = await readHdf5(path, location, options);
      if (!(numbers instanceof Float32Array || numbers instanceof Float64Array))
        throw notKeras(path, `has no floats for '${name}'`);
      const values = numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
      if (values.length !== shape.reduce((product, n) => product * n, 1)) {
        throw notKeras(path, `has ${values.length} values for the weight '${name}' [${shape}]`);
      }
      return { shape, values, dtype };
    },
  };
}

function metadataOf({ attributes }: Hdf5Entity): Record<string, string> {
  const scalars = Object.entries(attributes).filter(([, value]) => ['string', 'number'].includes(typeof value));
  return Object.fromEntries(scalars.map(([name, value]) => [name, String(value)]));
}

function namesOf({ attributes }: Hdf5Entity, attribute: string, path: string): string[] {
  const value = attributes[attribute];
  if (value === undefined) throw notKeras(path, `has no attribute '${attribute}' for a layer`);
  const names: unknown[] = Array.isArray(value) ? value : [value];
  if (names.every((name) => typeof name === 'string')) return names;
  throw notKeras(path, `has an attribute '${attribute}' that is not text`);
}

const notKeras = (path: string, what: string) => damagedFile(path, what, 'Keras weights in HDF5');

import { IGNORE, type LabelMap, readBytes, UserError } from '@unseen/core';
import { decodeIndexedPng } from '@unseen/formats';
import type { DatasetFile } from './dataset-file.ts';

/** What the values of mask files mean. */
export interface MaskValues {
  readonly classes: ReadonlySet<number>;
  /** Stored values that mean "unlabelled", besides 255 and, in 16-bit files, 65535. */
  readonly ignore: ReadonlySet<number>;
  /** Class ids by stored value, where the files hold other values than class ids; of 255 and 65535 too. */
  readonly map?: ReadonlyMap<number, number>;
}

/** What the values in the mask files of a dataset mean. */
export function maskValues({ settings, classes, valueMap }: DatasetFile): MaskValues {
  const ids = new Set(classes.map(({ id }) => id));
  return { classes: ids, ignore: new Set(settings.ignore), ...(valueMap && { map: valueMap }) };
}

/** Class id of a stored value; `undefined` where it means "unlabelled" or no class has it. */
export function classOfValue(stored: number, { classes, ignore, map }: MaskValues): number | undefined {
  if (ignore.has(stored)) return undefined;
  return map ? map.get(stored) : classes.has(stored) ? stored : undefined;
}

/** Reads the stored values of a mask file (indexed or grey PNG). A colour picture is a {@link UserError}. */
export async function readRawMask(path: string, id: string): Promise<LabelMap> {
  const { height, width, data } = decodeIndexedPng(await readBytes(path), path);
  return { id, height, width, data };
}

/**
 * Checks raw mask values against the classes; `name` stands for the file in messages. Unlabelled pixels become
 * {@link IGNORE}; datasets with ids above 254 give 16-bit maps, where it is 65535. A value that no class has is a
 * {@link UserError}.
 */
export function toLabelMap(raw: LabelMap, name: string, values: MaskValues): LabelMap {
  const { classes, ignore, map } = values;
  const wide = [...classes].some((id) => id >= IGNORE);
  const hidden = wide ? 0xffff : IGNORE;
  const unknown = -1;
  const table = new Int32Array(0x10000).fill(unknown);
  for (const id of classes) if (!map) table[id] = id;
  for (const stored of ignore) table[stored] = hidden;
  for (const stored of unlabelledValues(values, raw.data instanceof Uint16Array)) table[stored] = hidden;
  for (const [stored, id] of map ?? []) table[stored] = id;
  const data = wide ? new Uint16Array(raw.data.length) : new Uint8Array(raw.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = table[raw.data[i]];
    if (value === unknown) throw unknownValue(raw, i, name, values);
    data[i] = value;
  }
  return { ...raw, data };
}

/**
 * The values that mean "unlabelled" without a word of the dataset: 255 and, in 16-bit files, 65535, unless `map` names them.
 * In 16-bit files 255 may be the id of a class.
 */
export function unlabelledValues({ classes, map }: Pick<MaskValues, 'classes' | 'map'>, wide: boolean): number[] {
  const values = wide ? [0xffff, ...(!map && classes.has(IGNORE) ? [] : [IGNORE])] : [IGNORE];
  return values.filter((value) => !map?.has(value));
}

function unknownValue(raw: LabelMap, index: number, name: string, values: MaskValues): UserError {
  const { classes, map } = values;
  const ids = [...(map?.keys() ?? classes)].sort((a, b) => a - b);
  const listed = ids.length > 12 ? `${ids.slice(0, 6).join(', ')}, … ${ids.slice(-2).join(', ')}` : ids.join(', ');
  const [unlabelled] = unlabelledValues(values, raw.data instanceof Uint16Array);
  return new UserError({
    given: `${name} has the value ${raw.data[index]} at row ${Math.floor(index / raw.width)}, column ${index % raw.width}, which no class has`,
    expected: `a ${map ? "value of 'map'" : 'class id'} (${listed})${unlabelled === undefined ? '' : ` or ${unlabelled} for unlabelled`}`,
    remedy: `correct the mask, or add the value to 'classes', 'map' or 'ignore' of the dataset`,
  });
}

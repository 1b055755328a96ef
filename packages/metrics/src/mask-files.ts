import { basename, extname, join } from 'node:path';
import { listFiles, UserError } from '@unseen/core';

/** A mask that can be read: a file, or what a dataset holds of an image. */
export interface NamedMask<M> {
  /** Of its image, such as `frankfurt/0001`. */
  readonly name: string;
  /** What messages call it, such as its path. */
  readonly label: string;
  read(): Promise<M>;
}

/** How {@link listMasks} looks for files. */
export interface ListMasksOptions<M> {
  readonly read: (path: string, name: string) => Promise<M>;
  /** What masks have at the end of their names before `.png`, besides the name of the image. */
  readonly endings?: readonly string[];
}

/** Masks of a folder. */
export interface ListedMasks<M> {
  readonly masks: readonly NamedMask<M>[];
  /** PNGs that do not end as masks do, as paths from the folder; empty where none does. */
  readonly passedOver: readonly string[];
}

/**
 * The PNGs in a folder and below it, each under the name of its image: its path without ending and type. If any ends in one
 * of `endings`, only those that do are masks. A folder without a mask is a {@link UserError}.
 */
export async function listMasks<M>(folder: string, options: ListMasksOptions<M>): Promise<ListedMasks<M>> {
  const { read, endings = [] } = options;
  const all = await listFiles(folder, { deep: true });
  const files = all.filter((file) => /\.png$/i.test(file));
  if (files.length === 0) {
    const other = all.find((file) => /\.(tiff?|bmp|gif|jpe?g|webp|np[yz]|mat)$/i.test(file));
    throw new UserError({
      given: `${folder} has no masks`,
      expected: 'PNG files',
      remedy: other ? `save ${other} and the others as PNG with the same values` : 'name the folder of the masks',
    });
  }
  const stems = files.map((file) => file.slice(0, -extname(file).length));
  const endingOf = (stem: string) => endings.find((ending) => ending !== '' && stem.endsWith(ending));
  const some = stems.some((stem) => endingOf(stem) !== undefined);
  const masks = files.flatMap((file, i) => {
    const ending = endingOf(stems[i]);
    if (some && ending === undefined) return [];
    const name = stems[i].slice(0, stems[i].length - (ending?.length ?? 0));
    const path = join(folder, file);
    return [{ name, label: path, read: () => read(path, name) }];
  });
  const taken = new Set(masks.map(({ label }) => label));
  return { masks, passedOver: files.filter((file) => !taken.has(join(folder, file))) };
}

/** A true mask with the prediction for the same image. */
export interface MaskPair<M> {
  readonly truth: NamedMask<M>;
  readonly prediction: NamedMask<M>;
}

/** What {@link pairMasks} found. */
export interface PairedMasks<M> {
  readonly pairs: readonly MaskPair<M>[];
  /** Masks of either side that belong to no image of `images`. */
  readonly unused: number;
}

/**
 * Pairs masks by the names of their images, without folders; with their folders where that would be ambiguous. Only `images`
 * are paired if they are given. A mask without its partner, and two of one name, are {@link UserError}s.
 */
export function pairMasks<M>(
  truths: readonly NamedMask<M>[],
  predictions: readonly NamedMask<M>[],
  images?: readonly string[],
): PairedMasks<M> {
  const names = [truths, predictions].map((side) => side.map(({ name }) => name));
  const isAmbiguous = [...names, images ?? []].some(
    (side) => new Set(side.map((name) => basename(name))).size < side.length,
  );
  const keyOf = (name: string) => decoded(isAmbiguous ? name : basename(name)).normalize();
  const [truthOf, predictionOf] = [byKey(truths, keyOf), byKey(predictions, keyOf)];
  const wanted = [...new Set(images?.map(keyOf) ?? [...truthOf.keys(), ...predictionOf.keys()])].sort();
  requireAll(wanted, truthOf, 'ground-truth mask');
  requireAll(wanted, predictionOf, 'predicted mask');
  if (wanted.length === 0) {
    throw new UserError({ given: 'no mask to score', expected: 'at least one pair of masks' });
  }
  return {
    pairs: wanted.map((key) => ({ truth: truthOf.get(key)!, prediction: predictionOf.get(key)! })),
    unused: truthOf.size + predictionOf.size - 2 * wanted.length,
  };
}

/** A name without what addresses encode (`%20`): annotation files have such names of images whose files have blanks. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function byKey<M>(masks: readonly NamedMask<M>[], keyOf: (name: string) => string): Map<string, NamedMask<M>> {
  const found = new Map<string, NamedMask<M>>();
  for (const mask of masks) {
    const key = keyOf(mask.name);
    const other = found.get(key);
    if (other) {
      throw new UserError({
        given: `${other.label} and ${mask.label} have the same name`,
        expected: 'one mask per image',
      });
    }
    found.set(key, mask);
  }
  return found;
}

function requireAll<M>(wanted: readonly string[], masks: ReadonlyMap<string, NamedMask<M>>, kind: string): void {
  const missing = wanted.filter((key) => !masks.has(key));
  if (missing.length === 0) return;
  const first = masks.values().next().value;
  throw new UserError({
    given: `${missing.length} of ${wanted.length} images have no ${kind}: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`,
    expected: `a file of the same name on both sides${first ? ` (there is ${basename(first.label)})` : ''}`,
    remedy: 'add the missing files, remove their partners, or choose the subset they belong to',
  });
}

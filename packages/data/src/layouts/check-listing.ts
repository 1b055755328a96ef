import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainFileError, UserError } from '@unseen/core';
import { IMAGE_TYPES, MASK_TYPES, suffixOf } from '../file-types.ts';
import { findFilesOfAnyType } from './find-files.ts';
import { adviseOnPaths } from './list-advice.ts';
import type { ListedImage, SubsetListing } from './listing.ts';

/** A listed image whose file exists. */
export interface ImageWithFile extends ListedImage {
  readonly imagePath: string;
}

/**
 * The entries of a listing. Throws a {@link UserError} unless every image is listed once and has its files; with
 * `optionalMasks`, masks may be missing.
 */
export async function checkListing(
  listing: SubsetListing,
  { optionalMasks = false }: { readonly optionalMasks?: boolean } = {},
): Promise<readonly ImageWithFile[]> {
  const { list, entries, imageFolder, maskFolder } = listing;
  if (entries.length === 0)
    throw new UserError({ given: `${list} lists no images`, expected: 'at least one image id' });
  const first = new Map<string, ListedImage>();
  for (const entry of entries) {
    const earlier = first.get(entry.id);
    if (earlier) {
      const place = entry.line === undefined ? list : `${list}:${entry.line}`;
      throw new UserError({
        given: `${place}: image '${entry.id}' is also ${earlier.line === undefined ? 'listed earlier' : `on line ${earlier.line}`}`,
        expected: 'every image once',
      });
    }
    first.set(entry.id, entry);
    requireOneFile(entry);
  }
  await requireFiles(listing, ({ imagePath }) => imagePath, 'image', imageFolder);
  if (!optionalMasks) await requireFiles(listing, ({ maskPath }) => maskPath, 'mask', maskFolder);
  return entries as readonly ImageWithFile[];
}

/** Which file is meant must not depend on the order in which types are looked for. */
function requireOneFile({ id, imagePath, maskPath, rivals }: ListedImage): void {
  if (!rivals) return;
  const [other] = rivals;
  const isMask =
    maskPath !== undefined && dirname(other) === dirname(maskPath) && dirname(other) !== dirname(imagePath ?? '');
  throw new UserError({
    given: `${isMask ? maskPath : imagePath} and ${other} are both of image '${id}'`,
    expected: `one ${isMask ? 'mask' : 'image'} of an id`,
    remedy: 'remove or rename one of them',
  });
}

async function requireFiles(
  { list, entries, adviseOnImages }: SubsetListing,
  fileOf: (entry: ListedImage) => string | undefined,
  kind: 'image' | 'mask',
  folder: string,
): Promise<void> {
  const missing = entries.filter((entry) => fileOf(entry) === undefined).map(({ id }) => id);
  if (missing.length === 0) return;
  await stat(folder).catch((error) => {
    throw explainFileError(error, folder);
  });
  const [other] = (await findFilesOfAnyType(folder, missing)).flat();
  const advise = adviseOnImages ?? (() => adviseOnPaths(missing, { folder, suffixes: IMAGE_TYPES }));
  const advice = kind === 'image' ? await advise() : undefined;
  const read = kind === 'image' ? IMAGE_TYPES : MASK_TYPES;
  const types = read.join(', ');
  throw new UserError({
    given: `${missing.length} of the ${entries.length} images of ${list} have no ${kind} in ${folder}: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`,
    expected:
      kind === 'image' ? `<id>.jpg or another image type for every id (${types})` : `a mask for every id (${types})`,
    remedy:
      advice ??
      (other === undefined
        ? `add the ${kind}s, or remove the ids from the list`
        : suffixOf(other, read) === undefined
          ? `${other} is of a type that is not read: save it as PNG${kind === 'mask' ? ' with the same values' : ''}`
          : `there is ${other}: correct the name in ${list}`),
  });
}

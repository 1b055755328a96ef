import { stat } from 'node:fs/promises';
import { explainFileError, UserError } from '@unseen/core';
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
  }
  await requireFiles(listing, ({ imagePath }) => imagePath, 'image', imageFolder);
  if (!optionalMasks) await requireFiles(listing, ({ maskPath }) => maskPath, 'mask', maskFolder);
  return entries as readonly ImageWithFile[];
}

async function requireFiles(
  { list, entries }: SubsetListing,
  fileOf: (entry: ListedImage) => string | undefined,
  kind: 'image' | 'mask',
  folder: string,
): Promise<void> {
  const missing = entries.filter((entry) => fileOf(entry) === undefined).map(({ id }) => id);
  if (missing.length === 0) return;
  await stat(folder).catch((error) => {
    throw explainFileError(error, folder);
  });
  throw new UserError({
    given: `${missing.length} of the ${entries.length} images of ${list} have no ${kind} in ${folder}: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`,
    expected: kind === 'image' ? '<id>.jpg or another image type for every id' : 'a mask for every id',
    remedy: missing.some((id) => /[\\/]|\.\w{3,4}$/.test(id))
      ? `add the ${kind}s; if the list holds file paths, set lists: {entries: paths, components: 1}`
      : `add the ${kind}s, or remove the ids from the list`,
  });
}

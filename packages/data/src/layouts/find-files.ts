import { readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { explainFileError } from '@unseen/core';

/** Suffixes of image files. */
export const IMAGE_TYPES: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.tif',
  '.tiff',
  '.JPG',
  '.JPEG',
  '.PNG',
];

/** Suffixes of mask files. */
export const MASK_TYPES: readonly string[] = ['.png', '.PNG'];

/**
 * The files `<folder>/<id><suffix>` of some ids, which may include sub-folders: the first suffix that exists, else
 * `undefined`. Each folder is read once.
 */
export async function findFiles(
  folder: string,
  ids: readonly string[],
  suffixes: readonly string[],
): Promise<(string | undefined)[]> {
  const folders = new Map<string, ReadonlySet<string>>();
  const paths: (string | undefined)[] = [];
  for (const id of ids) {
    const whole = join(folder, id);
    const inside = dirname(whole);
    let names = folders.get(inside);
    if (!names) {
      names = new Set(await readdir(inside).catch(() => []));
      folders.set(inside, names);
    }
    const base = whole.slice(inside.length + 1);
    const suffix = suffixes.find((candidate) => names.has(base + candidate));
    paths.push(suffix === undefined ? undefined : whole + suffix);
  }
  return paths;
}

/** Ids of all files below a folder that end in one of the suffixes, sorted; files that differ in suffix alone give the same id. */
export async function idsInFolder(folder: string, suffixes: readonly string[]): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    throw explainFileError(error, folder);
  });
  return files
    .filter((file) => !file.isDirectory())
    .flatMap(({ name, parentPath }) => {
      const suffix = suffixes.find((candidate) => name.endsWith(candidate));
      if (suffix === undefined) return [];
      const path = relative(folder, join(parentPath, name)).split(sep).join('/');
      return [path.slice(0, path.length - suffix.length)];
    })
    .sort();
}

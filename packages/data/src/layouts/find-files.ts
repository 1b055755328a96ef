import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explainFileError, isSideFile, listFiles } from '@unseen/core';
import { isOtherImage, suffixOf } from '../file-types.ts';

/** Where files of ids are. */
export interface FilePlaces {
  readonly folder: string;
  readonly suffixes: readonly string[];
}

/**
 * The file `<folder>/<id><suffix>` of each id, else `undefined`. Ids may include sub-folders. Letter case of the suffixes and the
 * Unicode form of names do not matter; where several files fit, the first suffix counts. Each folder is read once.
 */
export async function findFiles(
  folder: string,
  ids: readonly string[],
  suffixes: readonly string[],
): Promise<(string | undefined)[]> {
  return (await findAllFiles(folder, ids, suffixes)).map(([first]) => first);
}

/** All files that {@link findFiles} chooses from. */
export async function findAllFiles(
  folder: string,
  ids: readonly string[],
  suffixes: readonly string[],
): Promise<string[][]> {
  const stemOf = (name: string) => {
    const suffix = suffixOf(name, suffixes);
    return suffix === undefined ? undefined : name.slice(0, name.length - suffix.length);
  };
  const found = await filesByStem(folder, ids, stemOf);
  const rank = (path: string) => suffixes.indexOf(suffixOf(path, suffixes)!);
  return found.map((paths) => (paths.length > 1 ? paths.sort((a, b) => rank(a) - rank(b)) : paths));
}

/** The files `<folder>/<id>.<anything>` of each id. */
export function findFilesOfAnyType(folder: string, ids: readonly string[]): Promise<string[][]> {
  return filesByStem(folder, ids, (name) => {
    const dot = name.lastIndexOf('.');
    return dot > 0 ? name.slice(0, dot) : undefined;
  });
}

async function filesByStem(
  folder: string,
  ids: readonly string[],
  stemOf: (name: string) => string | undefined,
): Promise<string[][]> {
  const folders = new Map<string, ReadonlyMap<string, readonly string[]>>();
  const paths: string[][] = [];
  for (const id of ids) {
    const whole = join(folder, id);
    const inside = dirname(whole);
    let stems = folders.get(inside);
    if (!stems) {
      stems = await stemsIn(inside, stemOf);
      folders.set(inside, stems);
    }
    const names = stems.get(whole.slice(inside.length + 1).normalize()) ?? [];
    paths.push(names.map((name) => join(inside, name)));
  }
  return paths;
}

async function stemsIn(
  folder: string,
  stemOf: (name: string) => string | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = await readdir(folder).catch((error) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw explainFileError(error, folder);
  });
  const stems = new Map<string, string[]>();
  for (const name of names) {
    const stem = isSideFile(name) ? undefined : stemOf(name)?.normalize();
    if (stem === undefined) continue;
    const others = stems.get(stem);
    if (others) others.push(name);
    else stems.set(stem, [name]);
  }
  return stems;
}

/** What a folder holds where its files are the list. */
export interface FolderIds {
  /** Of files that end in one of the suffixes, each once, sorted. */
  readonly ids: readonly string[];
  /** Pictures of types that are not read, as paths from the folder. */
  readonly passedOver: readonly string[];
}

/** Ids of all files below a folder that end in one of the suffixes. */
export async function idsInFolder(folder: string, suffixes: readonly string[]): Promise<FolderIds> {
  const ids = new Set<string>();
  const passedOver: string[] = [];
  for (const path of await listFiles(folder, { deep: true })) {
    const suffix = suffixOf(path, suffixes);
    if (suffix !== undefined) ids.add(path.slice(0, path.length - suffix.length));
    else if (isOtherImage(path)) passedOver.push(path);
  }
  return { ids: [...ids].sort(), passedOver };
}

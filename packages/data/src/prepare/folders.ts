import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isBeingWritten, isTemporary, listFiles, UserError } from '@unseen/core';
import type { DatasetFile } from '../dataset-file.ts';
import { readIdList } from '../layouts/id-list.ts';
import type { DatasetSettings } from '../read-dataset-file.ts';

/** Names in a folder that end in a suffix, without it; empty if the folder does not exist. */
export async function idsOf(folder: string, suffix: string): Promise<Set<string>> {
  const names = await namesIn(folder);
  return new Set(names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length)));
}

/** Files in a folder, without side files; none if it does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  return listFiles(folder).catch((error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return [];
    throw error;
  });
}

/** Ids of a list file, the first column of each line. */
export async function idsOfList(path: string): Promise<string[]> {
  const lines = await readIdList(path);
  return lines.map(({ id }) => id.split(/\s+/)[0]);
}

/** {@link idsOfList}, or `undefined` if the file does not exist. */
export async function idsOfOptionalList(folder: string, name: string): Promise<string[] | undefined> {
  const names = await namesIn(folder);
  return names.includes(name) ? idsOfList(join(folder, name)) : undefined;
}

/** Folders of images and masks of a dataset whose layout keeps one mask file per image under the image's name. */
export function pairFolders({ settings, path }: DatasetFile<DatasetSettings>, target: string) {
  if (settings.layout !== 'voc' && settings.layout !== 'folder') {
    throw new UserError({
      given: `${path}: layout '${settings.layout}'`,
      expected: "'voc' or 'folder' for this converter",
    });
  }
  return { images: join(target, settings.images), masks: join(target, settings.masks) };
}

/** Removes from folders what a call that was killed had begun to write. */
export async function removeHalfWritten(folders: readonly string[]): Promise<void> {
  for (const folder of new Set(folders)) {
    const names = (await readdir(folder)).filter((name) => isTemporary(name) && !isBeingWritten(name));
    for (const name of names) await rm(join(folder, name), { force: true });
  }
}

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isInside, realPath, UserError } from '@unseen/core';
import { expandDataFolder } from '@unseen/formats';
import type { DatasetFile } from '../dataset-file.ts';
import { type DatasetSettings, readDatasetFile } from '../read-dataset-file.ts';
import type { Source } from './sources.ts';

/** The dataset with its root where it will be written. */
export async function targetOf(
  path: string,
  to: string | undefined,
): Promise<{ file: DatasetFile<DatasetSettings>; data: string | undefined }> {
  const { settings } = await readDatasetFile(path);
  const inData = /^\$UNSEEN_DATA(?=$|\/)/.test(settings.root);
  if (inData) {
    const data = to ?? process.env.UNSEEN_DATA;
    if (data === undefined) {
      throw new UserError({
        given: `no folder for the files of ${settings.name}`,
        expected: '--to DIR, or the data folder in the variable UNSEEN_DATA',
      });
    }
    const root = resolve(expandDataFolder(settings.root, { UNSEEN_DATA: data }));
    if (!isInside(root, resolve(data))) {
      throw new UserError({
        given: `'root' of ${path} is '${settings.root}', which leads out of the data folder`,
        expected: 'a folder below it',
      });
    }
    return { file: await readDatasetFile(path, { root }), data };
  }
  if (to !== undefined) {
    throw new UserError({
      given: `--to for a dataset whose root is '${settings.root}'`,
      expected: "a root that begins with '$UNSEEN_DATA'",
      remedy: `omit --to, or change 'root' in ${path}`,
    });
  }
  const file = await readDatasetFile(path);
  return { file: { ...file, root: resolve(file.root) }, data: undefined };
}

/** Throws a {@link UserError} unless the folder of the archives exists. */
export async function requireFolder(from: string): Promise<void> {
  const there = await stat(from).catch(() => undefined);
  if (there?.isDirectory()) return;
  throw new UserError({
    given: `--from ${from} ${there ? 'is not a folder' : 'does not exist'}`,
    expected: 'the folder of the official archives',
  });
}

/** Throws a {@link UserError} for a target inside a source, or in the folder of the archives. */
export async function refuseToWriteInto(root: string, sources: readonly Source[], from: string): Promise<void> {
  const target = await realPath(root);
  const folders = [...sources.filter(({ kind }) => kind === 'folder').map(({ path }) => path)];
  for (const folder of folders) {
    if (!isInside(target, await realPath(folder))) continue;
    throw new UserError({
      given: `the files would be written to ${root}, which is within the source ${folder}`,
      expected: 'a folder outside of it',
      remedy: 'name it with --to',
    });
  }
  if (target === (await realPath(from))) {
    throw new UserError({
      given: `the files would be written to ${root}, where the archives are`,
      expected: 'a folder of its own',
      remedy: 'move the archives to a folder of their own, or name another place with --to',
    });
  }
}

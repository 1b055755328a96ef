import { readFile } from 'node:fs/promises';
import { hashJson, listFiles, sha256 } from '@unseen/core';
import type { DatasetFile } from '../dataset-file.ts';
import type { Converter } from './converter.ts';
import { converters } from './converters/index.ts';
import type { PrepareSettings } from './settings.ts';
import type { Source } from './sources.ts';

/** A checksum of all that the files depend on; splits and descriptions may change. */
export function keyOf({ settings, classes }: DatasetFile, own: PrepareSettings, sources: readonly Source[]): string {
  const { source, license, description, splits, prepare, ...shape } = settings;
  return hashJson({
    version: converters[own.converter].version,
    prepare: own,
    dataset: { ...shape, classes: classes.map(({ id, name, color }) => [id, name, ...color]) },
    sources: sources.map(({ role, kind, path, bytes = 0, verified = '' }) => [
      ...[role, kind, bytes, verified],
      kind === 'folder' ? path : '',
    ]),
  });
}

/**
 * A checksum of what decides which images there are, and may change between two calls without a change of settings: the
 * names of the files in unpacked folders, and lists that the dataset brings along.
 */
export async function contentsOf(
  sources: readonly Source[],
  converter: Converter,
  lists: readonly string[],
): Promise<string> {
  const folders = sources.filter(({ kind }) => kind === 'folder');
  const names = await Promise.all(
    folders.map(async ({ role, path }) => [
      role,
      sha256((await namesIn(path, converter.sources[role].files)).join('\n')),
    ]),
  );
  const texts = await Promise.all(lists.map(async (path) => sha256(await readFile(path).catch(() => ''))));
  return hashJson({ names, texts });
}

/** Paths of the files that a converter takes of a folder, in order. */
async function namesIn(folder: string, wanted = /^/): Promise<string[]> {
  return (await listFiles(folder, { deep: true })).filter((path) => wanted.test(path));
}

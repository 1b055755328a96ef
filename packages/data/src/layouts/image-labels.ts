import { join } from 'node:path';
import { readJson, UserError } from '@unseen/core';
import type { DatasetFile } from '../dataset-file.ts';

/** Image labels from JSON: lists of class names or ids by image id. Names that are no class are {@link UserError}s. */
export async function readImageLabels(
  { root, classes }: DatasetFile,
  name: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const path = join(root, name);
  const json = await readJson(path);
  const byName = new Map<unknown, number>(classes.flatMap(({ id, name }) => [[name, id] as const, [id, id] as const]));
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UserError({ given: `${path} is no JSON object`, expected: 'lists of class names by image id' });
  }
  return new Map(
    Object.entries(json).map(([id, labels]) => {
      if (!Array.isArray(labels)) {
        throw new UserError({ given: `${path}: '${id}' is no list`, expected: 'a list of class names or ids' });
      }
      const ids = labels.map((label: unknown) => {
        const found = byName.get(label);
        if (found !== undefined) return found;
        throw new UserError({
          given: `${path}: image '${id}' has the label '${label}'`,
          expected: 'a class of the dataset',
        });
      });
      return [id, ids];
    }),
  );
}

import { UserError } from '@unseen/core';
import { readDatasetFile } from '../read-dataset-file.ts';
import { builtInDatasets, listDatasets } from '../registry.ts';

/** The error for a dataset without a `prepare` block; it names those that have one. */
export async function cannotPrepare(dataset: string): Promise<UserError> {
  if (Object.hasOwn(builtInDatasets, dataset)) {
    return new UserError({
      given: `dataset '${dataset}' is generated`,
      expected: 'one that is built from archives',
      remedy: 'use it as it is; there is nothing to prepare',
    });
  }
  const known: string[] = [];
  for (const { name, path } of await listDatasets()) {
    if (path !== undefined && (await readDatasetFile(path)).settings.prepare) known.push(name);
  }
  return new UserError({
    given: `dataset '${dataset}' has no 'prepare' block: its official archives are not known`,
    expected: known.length > 0 ? `one of: ${known.join(', ')}` : "a YAML with a 'prepare' block",
  });
}

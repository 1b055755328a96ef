import { join, resolve } from 'node:path';
import { givenName, readYamlDocument, validate } from '@unseen/formats';
import { z } from 'zod';
import { findRegistered } from './registry.ts';
import type { TableClass } from './vector-source.ts';

/** The part of a dataset YAML that class tables need. */
const schema = z.looseObject({
  classes: z
    .array(
      z.looseObject({
        id: z.int().nonnegative(),
        name: givenName(),
        wordRow: z.int().nonnegative().optional(),
      }),
    )
    .min(1),
});

/**
 * The classes of a registered dataset or of a dataset YAML (relative to `folder`) for a class table. The id is the
 * class's row in tables of word vectors (`wordRow`) if the dataset sets one, since experiments look it up there.
 */
export async function datasetClasses(nameOrYaml: string, folder = '.'): Promise<(TableClass & { maskId: number })[]> {
  const path = await findDataset(nameOrYaml, folder);
  const document = await readYamlDocument(path);
  const { classes } = validate(document.value, schema, document.locate);
  return classes.map(({ id, name, wordRow = id }) => ({ id: wordRow, name, maskId: id }));
}

async function findDataset(nameOrYaml: string, folder: string): Promise<string> {
  if (/\.ya?ml$/i.test(nameOrYaml)) return resolve(folder, nameOrYaml);
  const registry = process.env.UNSEEN_DATASETS ?? join(import.meta.dirname, '../../../datasets');
  return findRegistered(registry, nameOrYaml, (names) => ({
    given: `no registered dataset '${nameOrYaml}' has a list of classes`,
    expected: `one of: ${names.join(', ')}, or the path of a dataset YAML`,
  }));
}

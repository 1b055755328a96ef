import { type ClassInfo, UserError } from '@unseen/core';
import {
  buildClassTable,
  type ClassTable,
  readClassTable,
  readRecipe,
  recipePath,
  requireOwnRows,
  selectRows,
} from '@unseen/embeddings';
import { type KnownVectors, vectorsOfNames } from './extension.ts';
import type { ZeroShotConfig } from './settings.ts';

/**
 * The vector of each class, from a registered recipe, the path of a recipe (YAML) or of a stored table (Arrow). A class
 * without a vector, or with that of another class, is a `UserError`. The classes of an extension are found by their names ({@link vectorsOfNames}).
 */
export async function loadClassVectors(
  { embeddings, extend }: Pick<ZeroShotConfig, 'embeddings' | 'extend'>,
  classes: readonly ClassInfo[],
): Promise<Float32Array[]> {
  const known = await loadKnownVectors(embeddings);
  const added = new Set(extend?.classes.map(({ id }) => id));
  const isNew = ({ id, name, wordRow }: ClassInfo) =>
    added.has(id) && wordRow === undefined && known.table.names[known.table.ids.indexOf(id)] !== name;
  const own = classes.filter((one) => !isNew(one));
  const names = classes.filter(isNew).map(({ name }) => name);
  const rows = new Map([
    ...zip(own, rowsOf(known.table, own)),
    ...zip(classes.filter(isNew), await vectorsOfNames(names, known, extend?.vectors)),
  ]);
  return classes.map((one) => rows.get(one)!);
}

function zip<A, B>(keys: readonly A[], values: readonly B[]): [A, B][] {
  return keys.map((key, i) => [key, values[i]]);
}

function rowsOf(found: ClassTable, classes: readonly ClassInfo[]): Float32Array[] {
  const ids = classes.map(({ id, wordRow }) => wordRow ?? id);
  const missing = classes.filter((_, i) => !found.ids.includes(ids[i]));
  if (missing.length > 0) {
    throw new UserError({
      given: `class table '${found.name}' has no vector for: ${missing.map(({ name }) => name).join(', ')}`,
      expected: 'a vector for every seen and unseen class',
      remedy: "add them to the table, or choose another one under 'embeddings.table'",
    });
  }
  requireOwnRows(found, classes);
  const rows = selectRows(found, ids);
  return classes.map((_, i) => rows.slice(i * found.dimension, (i + 1) * found.dimension));
}

/** The class table of an experiment, with the recipe that it is built by, if any. */
export async function loadKnownVectors({
  table: nameOrPath,
}: Pick<ZeroShotConfig['embeddings'], 'table'>): Promise<KnownVectors> {
  if (nameOrPath.endsWith('.arrow')) return { table: await readClassTable(nameOrPath) };
  const recipe = await readRecipe(await recipePath(nameOrPath));
  return { table: await buildClassTable(recipe), recipe };
}

import { dirname, resolve } from 'node:path';
import { UserError } from '@unseen/core';
import { dataFolder, expandDataFolder, readYamlDocument, validate } from '@unseen/formats';
import { z } from 'zod';
import type { TableRecipe } from './build-class-table.ts';

const recipeSchema = z.strictObject({
  name: z.string().min(1),
  root: z.string().default('.'),
  sources: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        file: z.string().min(1),
        rows: z.enum(['tokens', 'ids']).default('tokens'),
        limit: z.int().positive().optional(),
      }),
    )
    .min(1),
  classes: z
    .array(
      z.strictObject({
        id: z.int().nonnegative(),
        name: z.string().min(1),
        tokens: z.record(z.string(), z.string().min(1)).optional(),
      }),
    )
    .min(1)
    .optional(),
  normalize: z.enum(['parts', 'joint', 'none']).default('parts'),
});

/**
 * Reads the YAML recipe of a class table. `root` is the folder of its vector files, relative to the recipe; in it
 * `$UNSEEN_DATA` stands for the option `dataFolder`, by default that of the datasets. Every problem is a {@link UserError} with file:line:column.
 */
export async function readRecipe(
  path: string,
  { dataFolder: data = dataFolder() }: { readonly dataFolder?: string } = {},
): Promise<TableRecipe> {
  const document = await readYamlDocument(path);
  const { root, sources, ...recipe } = validate(document.value, recipeSchema, document.locate);
  const known = sources.map(({ name }) => name);
  known.forEach((name, i) => {
    if (known.indexOf(name) === i) return;
    const { place } = document.locate(['sources', i, 'name']);
    throw new UserError({ given: `${place}: two sources are called '${name}'`, expected: 'a name for each' });
  });
  recipe.classes?.forEach(({ tokens = {} }, i) => {
    for (const source of Object.keys(tokens)) {
      if (known.includes(source)) continue;
      const { place } = document.locate(['classes', i, 'tokens', source], 'key');
      throw new UserError({
        given: `${place}: no source is called '${source}'`,
        expected: `one of: ${known.join(', ')}`,
      });
    }
  });
  const folder = resolve(dirname(path), expandDataFolder(root, { UNSEEN_DATA: data }));
  return {
    ...recipe,
    sources: sources.map(({ file, ...source }) => ({ ...source, path: resolve(folder, file), label: file })),
  };
}

import { dirname, join, resolve } from 'node:path';
import { didYouMean, UserError } from '@unseen/core';
import {
  dataFolder,
  expandDataFolder,
  givenName,
  readYamlDocument,
  validate,
  type YamlDocument,
} from '@unseen/formats';
import { z } from 'zod';
import type { TableRecipe } from './build-class-table.ts';
import { datasetClasses } from './dataset-classes.ts';
import { findRegistered } from './registry.ts';
import type { TableClass } from './vector-source.ts';

const tokens = z.record(z.string(), z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]));

const common = {
  name: givenName(),
  root: z.string().default('.'),
  sources: z
    .array(
      z.strictObject({
        name: givenName(),
        file: z.string().min(1),
        rows: z.enum(['tokens', 'names', 'ids']).default('tokens'),
        limit: z.int().positive().optional(),
        multiWord: z.enum(['spellings', 'sum']).optional(),
        subwords: z.boolean().optional(),
        names: z.string().min(1).optional(),
        array: z.string().min(1).optional(),
      }),
    )
    .min(1),
  normalize: z.enum(['parts', 'joint', 'none']).default('parts'),
};

const recipeSchema = z.strictObject({
  ...common,
  classes: z
    .array(z.strictObject({ id: z.int().nonnegative(), name: givenName(), tokens: tokens.optional() }))
    .min(1)
    .optional(),
});

const datasetRecipeSchema = z.strictObject({
  ...common,
  classes: z.strictObject({ dataset: z.string().min(1), tokens: z.record(z.string(), tokens).default({}) }),
});

/** Options of {@link readRecipe}. */
export interface RecipeOptions {
  /** Value of `$UNSEEN_DATA`. Default: the folder of datasets. */
  readonly dataFolder?: string;
  /** Files that replace those in the recipe, by source name. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Reads the YAML recipe of a class table. `root` is the folder of its vector files, relative to the recipe, and may
 * start with `$UNSEEN_DATA`, the data folder. Classes are either listed or those of a dataset, with tokens for some of
 * them. Every problem is a {@link UserError} with file:line:column.
 */
export async function readRecipe(path: string, options: RecipeOptions = {}): Promise<TableRecipe> {
  const { dataFolder: data = dataFolder(), files = {} } = options;
  const document = await readYamlDocument(path);
  const { root, sources, classes, ...recipe } = await parse(document, path);
  const known = sources.map(({ name }) => name);
  known.forEach((name, i) => {
    if (known.indexOf(name) === i) return;
    const { place } = document.locate(['sources', i, 'name']);
    throw new UserError({ given: `${place}: two sources are called '${name}'`, expected: 'unique names' });
  });
  for (const name of Object.keys(files)) {
    if (!known.includes(name)) throw unknownSource(path, name, known);
  }
  const folder = resolve(dirname(path), expandDataFolder(root, { UNSEEN_DATA: data }));
  return {
    ...recipe,
    ...(classes && { classes }),
    sources: sources.map(({ file, names, ...source }) => ({
      ...source,
      ...(Object.hasOwn(files, source.name)
        ? { path: files[source.name], label: files[source.name] }
        : { path: resolve(folder, file), label: file }),
      ...(names !== undefined && { names: resolve(folder, names) }),
    })),
  };
}

/** Path of a registered recipe, or the given path if it is that of a YAML file. */
export async function recipePath(nameOrPath: string): Promise<string> {
  if (/\.ya?ml$/i.test(nameOrPath)) return nameOrPath;
  const folder = process.env.UNSEEN_EMBEDDINGS ?? join(import.meta.dirname, '../../../embeddings');
  return findRegistered(folder, nameOrPath, (names) => ({
    given: `class table '${nameOrPath}' does not exist`,
    expected: `a registered recipe (${names.join(', ')}), or the path of a recipe (.yaml) or table (.arrow)`,
  }));
}

async function parse(document: YamlDocument, path: string) {
  const { value, locate } = document;
  if (!isOfDataset(value)) {
    const recipe = validate(value, recipeSchema, locate);
    recipe.classes?.forEach(({ tokens = {} }, i) => {
      checkSources(document, recipe.sources, tokens, ['classes', i, 'tokens']);
    });
    return recipe;
  }
  const recipe = validate(value, datasetRecipeSchema, locate);
  const { dataset, tokens } = recipe.classes;
  const classes = await datasetClasses(dataset, dirname(path));
  for (const [name, own] of Object.entries(tokens)) {
    checkSources(document, recipe.sources, own, ['classes', 'tokens', name]);
    if (classes.some((one) => one.name === name)) continue;
    const names = classes.map((one) => one.name);
    throw new UserError({
      given: `${locate(['classes', 'tokens', name], 'key').place}: the dataset '${dataset}' has no class '${name}'`,
      ...didYouMean(name, names),
    });
  }
  return {
    ...recipe,
    classes: classes.map(
      ({ id, name }): TableClass => ({ id, name, ...(Object.hasOwn(tokens, name) && { tokens: tokens[name] }) }),
    ),
  };
}

function isOfDataset(value: unknown): boolean {
  const classes = typeof value === 'object' && value !== null && 'classes' in value ? value.classes : undefined;
  return typeof classes === 'object' && classes !== null && !Array.isArray(classes);
}

function checkSources(
  { locate }: YamlDocument,
  sources: readonly { readonly name: string }[],
  tokens: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
): void {
  const known = sources.map(({ name }) => name);
  for (const source of Object.keys(tokens)) {
    if (!known.includes(source)) throw unknownSource(locate([...path, source], 'key').place, source, known);
  }
}

function unknownSource(place: string, name: string, known: readonly string[]): UserError {
  return new UserError({
    given: `${place}: no source is called '${name}'`,
    expected: `one of: ${known.join(', ')}`,
  });
}

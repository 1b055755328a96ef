import { basename, extname } from 'node:path';
import { UserError } from '@unseen/core';
import type { ClassTable, FileSource, TableRecipe } from '@unseen/embeddings';
import { buildTable, openRecipe, recipeOptions } from '../class-tables.ts';
import { outOption, textOption } from '../options.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen embed build`: a class table, with the origin of each of its rows. */
export const embedBuild = defineVerb({
  positionals: {
    recipe: { type: 'string', describe: 'Name of a registered recipe, or a recipe (YAML)' },
  },
  options: {
    ...recipeOptions,
    from: textOption('from', 'Instead of a recipe: one table of vectors (.csv, .tsv, .npy, .npz, .pkl, .safetensors)'),
    dataset: textOption('dataset', 'With --from: name or YAML of the dataset whose classes the rows belong to'),
    names: textOption('names', 'With --from: names of the rows, one a line or a JSON list, where the table has none'),
    normalize: {
      type: 'string',
      requiresArg: true,
      choices: ['parts', 'joint', 'none'] as const,
      describe:
        'Unit length for each part and the whole, for the whole, or for nothing (default: as the recipe says; parts)',
    },
    out: outOption('Class table (default: <name>.arrow)'),
  },
  examples: [
    ['unseen embed build voc12-official --data downloads', 'from the official downloads in downloads/wordvec'],
    ['unseen embed build voc12-official --source fasttext=crawl-300d-2M.vec --source word2vec=GoogleNews.bin', ''],
    ['unseen embed build mine.yaml --out mine.arrow', 'a recipe of your own'],
    ['unseen embed build --from attributes.csv --dataset mine.yaml', 'any vectors, named by their first column'],
    ['unseen embed build --from clip.npy --names classes.txt --dataset coco200', 'text vectors of CLIP'],
  ],
  async run({ recipe: named, source, data, from, dataset, names, normalize, out: given }, { terminal }) {
    const { inspectClassTable, MAX_INSPECTED, writeClassTable } = await import('@unseen/embeddings');
    if ((named === undefined) === (from === undefined)) {
      throw new UserError({
        given: named === undefined ? 'neither a recipe nor a table' : `the recipe '${named}' and the table ${from}`,
        expected: 'a recipe, or --from TABLE',
      });
    }
    const misplaced = Object.entries(from === undefined ? { dataset, names } : { source, data }).filter(([, x]) => x);
    if (misplaced.length > 0) {
      throw new UserError({
        given: `--${misplaced[0][0]} with ${from === undefined ? 'a recipe' : '--from'}`,
        expected: from === undefined ? '--from' : 'a recipe',
      });
    }
    const recipe =
      from === undefined ? await openRecipe(named!, { source, data }) : await recipeOfTable(from, { dataset, names });
    const out = given ?? `${recipe.name}.arrow`;
    if (!out.endsWith('.arrow')) {
      throw new UserError({
        given: `--out ${out}`,
        expected: 'a file that ends in .arrow, as experiments know tables',
      });
    }
    const table = await buildTable({ ...recipe, ...(normalize && { normalize }) }, terminal);
    await writeClassTable(out, table);
    terminal.print(describeRows(table));
    const isInspected = table.ids.length <= MAX_INSPECTED;
    const warnings = isInspected ? inspectClassTable(table).warnings : [];
    if (!isInspected) terminal.note(`more than ${MAX_INSPECTED} classes: they are not compared with one another`);
    for (const { message } of warnings) terminal.note(`warning: ${message}`);
    const sources = table.provenance[0].map(({ tokens: _, rule: __, ...origin }) => origin);
    terminal.print(`\n${out}: ${table.ids.length} classes, ${table.dimension} numbers each`);
    for (const { source, file, sha256, dimension, limit } of sources) {
      terminal.print(`${source}: ${dimension} of ${file}${limit ? ` (first ${limit})` : ''}, sha256 ${sha256}`);
    }
    const classes = table.ids.map((id, i) => {
      const rows = table.provenance[i].map(({ source, tokens, rule }) => ({ source, tokens, rule }));
      return { id, name: table.names[i], sources: rows };
    });
    return { out, name: table.name, dimension: table.dimension, sources, classes, warnings };
  },
});

/** A recipe for one table that is given by itself. */
async function recipeOfTable(
  path: string,
  { dataset, names }: { readonly dataset: string | undefined; readonly names: string | undefined },
): Promise<TableRecipe> {
  const { datasetClasses, hasIds, readRowTable } = await import('@unseen/embeddings');
  const name = basename(path, extname(path));
  const source: FileSource = { name, path, rows: 'names', ...(names !== undefined && { names }) };
  const table = await readRowTable(source);
  const byName = table.labels !== undefined && !hasIds(table);
  const classes = dataset === undefined ? undefined : await datasetClasses(dataset);
  if (byName) return { name, sources: [source], ...(classes && { classes }) };
  if (!classes) {
    throw new UserError({
      given: `${path} has no names for its rows`,
      expected: 'the classes that they belong to',
      remedy: '--dataset NAME finds rows by the ids of its classes, --names FILE names the rows',
    });
  }
  // Masks and tables of word vectors may number the classes differently, and the file does not say which it follows.
  if (classes.some(({ id, maskId }) => id !== maskId)) {
    throw new UserError({
      given: `the classes of '${dataset}' have other ids in masks than in tables of word vectors ('wordRow'), and the rows of ${path} have no names`,
      expected: 'rows with names',
      remedy: '--names FILE names the rows',
    });
  }
  return { name, sources: [{ ...source, rows: 'ids' }], classes };
}

function describeRows({ ids, names, provenance }: ClassTable): string {
  const sources = provenance[0].map(({ source }) => source);
  const rows = ids.map((id, i) => [
    String(id),
    names[i],
    ...provenance[i].map(({ tokens, rule }) => `${tokens.join(' + ')} (${rule})`),
  ]);
  return textTable([['id', 'class', ...sources], ...rows]);
}

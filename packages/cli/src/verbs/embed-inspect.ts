import { join } from 'node:path';
import { lookUp, UserError, writeFileAtomic, writeJsonAtomic, type ZeroShotSplit } from '@unseen/core';
import type { ClassTable, TableInspection } from '@unseen/embeddings';
import { buildTable, openRecipe, recipeOptions } from '../class-tables.ts';
import { outOption, positiveWholeNumber, textOption } from '../options.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen embed inspect`: what a class table says about its classes, before anything is trained on it. */
export const embedInspect = defineVerb({
  positionals: {
    table: {
      type: 'string',
      demandOption: true,
      describe: 'A class table (.arrow), or a recipe by name or path (.yaml)',
    },
  },
  options: {
    ...recipeOptions,
    dataset: textOption('dataset', 'Name or YAML of a dataset: tells seen from unseen classes and leaves others out'),
    split: textOption('split', 'Its split (default: default)'),
    neighbours: {
      type: 'string',
      requiresArg: true,
      default: '3',
      coerce: positiveWholeNumber('neighbours') as (text: unknown) => number,
      describe: 'Number of nearest classes to list',
    },
    out: outOption('Folder for similarity.svg, a picture of all pairs, and inspection.json'),
  },
  examples: [
    ['unseen embed inspect voc12 --dataset voc12', 'a registered recipe'],
    ['unseen embed inspect mine.arrow --dataset mine.yaml --split fold2 --out inspection', ''],
  ],
  async run({ table: given, source, data, dataset, split, neighbours, out }, { terminal }) {
    const { inspectClassTable, readClassTable } = await import('@unseen/embeddings');
    const isTable = given.endsWith('.arrow');
    if (isTable && (source || data !== undefined)) {
      throw new UserError({ given: `--${source ? 'source' : 'data'} with a finished table`, expected: 'a recipe' });
    }
    if (dataset === undefined && split !== undefined) {
      throw new UserError({ given: '--split without a dataset', expected: '--dataset NAME' });
    }
    const table = isTable
      ? await readClassTable(given)
      : await buildTable(await openRecipe(given, { source, data }), terminal);
    const groups = dataset === undefined ? undefined : await splitOf(table, dataset, split ?? 'default');
    const inspection = inspectClassTable(table, { neighbours, ...(groups && { split: groups }) });
    const { cosines, ...found } = inspection;
    terminal.print(describeClasses(inspection));
    terminal.print(`\n${table.name}: ${found.classes.length} classes, ${table.dimension} numbers each`);
    terminal.print(`length ${range(found.norms)}`);
    for (const { source, start, end, norms, shares } of found.parts) {
      terminal.print(`${source} (${start} to ${end - 1}): length ${range(norms)}, share ${range(shares)}`);
    }
    if (found.parts.length === 0) terminal.note('the table does not tell its parts: build it again to see them');
    for (const { message } of found.warnings) terminal.print(`warning: ${message}`);
    if (found.warnings.length === 0) terminal.print('nothing suspicious');
    const count = found.classes.length;
    const matrix = found.classes.map((_, i) => [...cosines.subarray(i * count, (i + 1) * count)]);
    const result = { name: table.name, dimension: table.dimension, ...found };
    if (out === undefined) return { ...result, cosines: matrix };
    const picture = join(out, 'similarity.svg');
    const { similarityPicture } = await import('../similarity-picture.ts');
    await writeFileAtomic(picture, similarityPicture(inspection, `Cosines of the classes of ${table.name}`));
    await writeJsonAtomic(join(out, 'inspection.json'), { ...result, cosines: matrix });
    terminal.print(`\n${picture}`);
    return { ...result, cosines: matrix, picture };
  },
});

/** A split of a dataset in the ids of class tables; a table of other classes is a `UserError`. */
async function splitOf(table: ClassTable, dataset: string, name: string): Promise<ZeroShotSplit> {
  const { builtInDatasets, datasetPath, readDatasetFile } = await import('@unseen/data');
  if (Object.hasOwn(builtInDatasets, dataset)) return lookUp(builtInDatasets[dataset].splits, name, 'split');
  const { classes, splits } = await readDatasetFile(await datasetPath(dataset));
  const { requireOwnRows } = await import('@unseen/embeddings');
  requireOwnRows(table, classes);
  const rows = new Map(classes.map(({ id, wordRow = id }) => [id, wordRow]));
  const toRows = (ids: readonly number[]) => ids.map((id) => rows.get(id) ?? id);
  const { seen, unseen } = lookUp(splits, name, `split of '${dataset}'`);
  return { seen: toRows(seen), unseen: toRows(unseen) };
}

function describeClasses({ classes, parts }: TableInspection): string {
  const grouped = classes.some(({ group }) => group !== undefined);
  const head = ['class', 'id', ...(grouped ? ['group'] : []), 'length', ...parts.map(({ source }) => source)];
  const rows = classes.map(({ id, name, group, norm, shares, nearest }) => [
    name,
    String(id),
    ...(grouped ? [group ?? ''] : []),
    norm.toFixed(3),
    ...shares.map((share) => share.toFixed(2)),
    nearest.map((one) => `${one.name} ${one.cosine.toFixed(2)} (${one.centredCosine.toFixed(2)})`).join(', '),
  ]);
  return textTable([[...head, 'nearest classes by cosine (without the mean)'], ...rows]);
}

const range = ([low, mean, high]: readonly number[]) =>
  `${low.toFixed(3)} to ${high.toFixed(3)}, mean ${mean.toFixed(3)}`;

import { type ClassInfo, nearestName, UserError, type ZeroShotSplit } from '@unseen/core';
import {
  buildClassTable,
  type ClassTable,
  normalized,
  readClassTable,
  type TableRecipe,
  type VectorSource,
} from '@unseen/embeddings';
import { filePath } from '@unseen/experiment';
import { z } from 'zod';

/** A class that a run learns from its name alone, on top of those of its dataset's split. */
const addedClass = z.strictObject({
  /** That of the dataset's class of this name, or one that the dataset does not use. */
  id: z.int().nonnegative(),
  name: z.string().min(1).max(200),
  /** RGB for pictures. */
  color: z.tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)]),
});

/** The block `extend` of an experiment: a trained run and the classes that it is to learn. */
export const extensionSchema = z.strictObject({
  /** Folder of the trained run; it is only read. */
  run: filePath(),
  classes: z.array(addedClass).min(1),
  /** How many of them, the first ones, that run has learnt already. */
  known: z.int().nonnegative().default(0),
  /** Where vectors of names are that the class table lacks: files of word vectors to concatenate, or one table (.arrow). */
  vectors: z.array(filePath()).min(1).optional(),
});

/** A validated block `extend`. */
export type Extension = z.output<typeof extensionSchema>;

/** The split and the classes with those of an extension, which are unseen ones behind all others. */
export function extendClasses(
  split: ZeroShotSplit,
  classes: readonly ClassInfo[],
  { classes: added }: Pick<Extension, 'classes'>,
): { readonly split: ZeroShotSplit; readonly classes: readonly ClassInfo[] } {
  const known = new Map(classes.map((one) => [one.id, one]));
  for (const { id, name } of added) {
    const other = known.get(id);
    if (other && other.name !== name) {
      throw new UserError({
        given: `the new class '${name}' has id ${id}, which is '${other.name}' in the dataset`,
        expected: 'an id that the dataset does not use',
      });
    }
  }
  return {
    split: { seen: split.seen, unseen: [...split.unseen, ...added.map(({ id }) => id)] },
    classes: [...classes, ...added.filter(({ id }) => !known.has(id))],
  };
}

/** A new class for each name: the dataset's where it has one outside the split, else one with an id of its own. */
export function describeNewClasses(
  names: readonly string[],
  { split, classes }: { readonly split: ZeroShotSplit; readonly classes: readonly ClassInfo[] },
): Extension['classes'] {
  const order = [...split.seen, ...split.unseen];
  let id = Math.max(...classes.map((one) => one.id)) + 1;
  return names.map((name, i) => {
    const known = classes.find((one) => one.name === name);
    if (names.indexOf(name) !== i) throw new UserError({ given: `the new class '${name}' is named twice` });
    if (known && order.includes(known.id)) {
      throw new UserError({ given: `the run knows the class '${name}' already`, expected: 'names of new classes' });
    }
    if (known) return { id: known.id, name, color: [...known.color] };
    // Neither id may mean "unlabelled" in masks of 8 bits.
    while (id === 0 || id === 255) id++;
    return { id: id++, name, color: [...NEW_COLORS[i % NEW_COLORS.length]] };
  });
}

/** Bright, and far from the palettes of the registered datasets. */
const NEW_COLORS = [
  [255, 0, 170],
  [0, 255, 200],
  [255, 160, 0],
  [120, 60, 255],
] as const;

/** A class table, and the recipe that it was built by, if any. */
export interface KnownVectors {
  readonly table: ClassTable;
  readonly recipe?: TableRecipe;
}

/**
 * Vectors of classes by their names: from the table itself, else from the given files (of word vectors, to
 * concatenate in the table's order, or one table), else from the files that the table was built from. They are brought to
 * unit length where the table's rows are. Names without a vector are a `UserError`.
 */
export async function vectorsOfNames(
  names: readonly string[],
  { table, recipe }: KnownVectors,
  files?: readonly string[],
): Promise<Float32Array[]> {
  const lacking = names.filter((name) => !table.names.includes(name));
  const found = lacking.length > 0 ? await look(lacking, { table, recipe }, files) : table;
  return names.map((name) => {
    const source = table.names.includes(name) ? table : found;
    return scaleLike(table, source.vectors[source.names.indexOf(name)]);
  });
}

async function look(
  names: readonly string[],
  { table, recipe }: KnownVectors,
  files: readonly string[] | undefined,
): Promise<ClassTable> {
  const isComplete = recipe?.sources.every(({ rows = 'tokens' }) => rows === 'tokens');
  const sources = files?.map((path, i) => {
    const { name = `file ${i + 1}`, multiWord } = recipe?.sources[i] ?? {};
    return { name, path, ...(multiWord && { multiWord }) };
  });
  if (!sources && !isComplete) throw unknownNames(names, table);
  const isTable = files?.length === 1 && files[0].endsWith('.arrow');
  const found = isTable
    ? await readClassTable(files[0])
    : await compose(names, sources ?? recipe!.sources, table, recipe);
  const missing = names.filter((name) => !found.names.includes(name));
  if (missing.length > 0) throw unknownNames(missing, found);
  requireDimension(found, table);
  return found;
}

function unknownNames(names: readonly string[], table: ClassTable): UserError {
  const near = nearestName(names[0], table.names);
  return new UserError({
    given: `the class table '${table.name}' has no vector for: ${names.join(', ')}`,
    remedy: `${near ? `did you mean '${near}'? Otherwise name` : 'name'} files that have such vectors`,
  });
}

function compose(
  names: readonly string[],
  sources: readonly VectorSource[],
  table: ClassTable,
  recipe: TableRecipe | undefined,
): Promise<ClassTable> {
  return buildClassTable({
    name: `${table.name}, new classes`,
    sources,
    classes: names.map((name, id) => ({ id, name })),
    normalize: recipe?.normalize ?? 'none',
  });
}

function requireDimension(given: ClassTable, table: ClassTable): void {
  if (given.dimension === table.dimension) return;
  throw new UserError({
    given: `the vectors of '${given.name}' have ${given.dimension} numbers`,
    expected: `${table.dimension}, as those of the run's class table '${table.name}'`,
    remedy: 'name as many files as the table was made from, in the same order',
  });
}

/** Of unit length where all rows of the table are. */
function scaleLike(table: ClassTable, vector: Float32Array): Float32Array {
  const isUnit = table.vectors.every((row) => Math.abs(Math.hypot(...row) - 1) < 1e-3);
  return isUnit ? Float32Array.from(normalized(vector)) : vector;
}

import { createHash } from 'node:crypto';
import { requireWholeNumber, sha256File, UserError } from '@unseen/core';
import type { ClassTable, RowProvenance } from './class-table.ts';
import { lookUpClasses } from './look-up.ts';
import { hasIds } from './look-up-rows.ts';
import { normalized } from './multi-word.ts';
import { readRowTable } from './read-row-table.ts';
import { originOf, type SourceColumn, type TableClass, type VectorSource } from './vector-source.ts';

/** Recipe for {@link buildClassTable}. */
export interface TableRecipe {
  readonly name: string;
  /** Their vectors are concatenated in this order. */
  readonly sources: readonly VectorSource[];
  /** Optional if every source is a table with row names: then every row of the first one is a class. */
  readonly classes?: readonly TableClass[];
  /**
   * `parts`: the vector of each source is scaled to unit length, then the whole, so that all sources have equal weight.
   * `joint`: only the whole is scaled, as in the released code of SPNet and CaGNet. `none`: as stored.
   */
  readonly normalize?: 'parts' | 'joint' | 'none';
}

/** Options of {@link buildClassTable}. */
export interface BuildOptions {
  /** Called before a source is searched, and before it is read again for its checksum; large files take a while. */
  onSource?(source: VectorSource, step: 'read' | 'hash'): void;
}

/**
 * Builds a table of class vectors (`dimension` = sum over the sources). Missing vectors are listed in one {@link
 * UserError}, with close matches.
 *
 * @example
 * import { buildClassTable } from '@unseen/embeddings';
 *
 * const vectors = new Map([['cat', Float32Array.of(3, 4)], ['dog', Float32Array.of(0, 2)]]);
 * const table = await buildClassTable({
 *   name: 'pets',
 *   sources: [{ name: 'mine', vectors, origin: 'by hand' }],
 *   classes: [{ id: 0, name: 'dog' }, { id: 1, name: 'cat' }],
 * });
 * table.vectors[0]; // → Float32Array.of(0, 1)
 */
export async function buildClassTable(
  recipe: TableRecipe,
  { onSource = () => undefined }: BuildOptions = {},
): Promise<ClassTable> {
  const { name, sources, normalize = 'parts' } = recipe;
  if (sources.length === 0) throw new UserError({ given: `class table '${name}' has no source` });
  const classes = recipe.classes ?? (await classesOfRows(name, sources));
  checkClasses(name, classes);
  const columns: SourceColumn[] = [];
  for (const source of sources) {
    onSource(source, 'read');
    columns.push(await lookUpClasses(source, classes));
  }
  const missing = columns.flatMap((column) => column.missing);
  if (missing.length > 0) {
    throw new UserError({
      given: `${missing.length === 1 ? '1 vector is' : `${missing.length} vectors are`} missing for the class table '${name}': ${missing.join('; ')}`,
      remedy: "choose other tokens for these classes in the recipe ('tokens: {source: token}')",
    });
  }
  const rows = columns.map((column) => column.rows.filter((row) => row !== undefined));
  const vectors = classes.map((_, i) => {
    const parts = rows.map((column) => column[i].vector);
    return join(parts, normalize, () => `class '${classes[i].name}' of the table '${name}'`);
  });
  const odd = vectors.findIndex((vector) => vector.length !== vectors[0].length);
  if (odd >= 0) {
    throw new UserError({
      given: `class '${classes[odd].name}' of the table '${name}' has ${vectors[odd].length} values, but '${classes[0].name}' has ${vectors[0].length}`,
    });
  }
  const origins: Origin[] = [];
  for (const source of sources) {
    onSource(source, 'hash');
    origins.push(await identify(source));
  }
  return {
    name,
    names: classes.map((one) => one.name),
    ids: classes.map(({ id }) => id),
    dimension: vectors[0].length,
    vectors,
    provenance: classes.map((_, i) =>
      rows.map((column, at): RowProvenance => {
        const { tokens, rule, vector } = column[i];
        return { ...origins[at], tokens, rule, dimension: vector.length };
      }),
    ),
  };
}

async function classesOfRows(name: string, sources: readonly VectorSource[]): Promise<TableClass[]> {
  if (!sources.every(({ rows }) => rows === 'ids' || rows === 'names')) {
    throw new UserError({
      given: `the class table '${name}' lists no classes`,
      expected: "a list of classes, unless every source has 'rows: ids' or 'rows: names'",
    });
  }
  const table = await readRowTable(sources[0]);
  if (!table.labels || hasIds(table)) {
    throw new UserError({
      given: `the class table '${name}' lists no classes, and the rows of ${originOf(sources[0])} have no names`,
      expected: "a list of classes ('classes') or of row names ('names')",
    });
  }
  return table.labels.map((label, id) => ({ id, name: label.replaceAll('_', ' ') }));
}

function checkClasses(table: string, classes: readonly TableClass[]): void {
  if (classes.length === 0) throw new UserError({ given: `the class table '${table}' has no classes` });
  const [ids, names] = [new Set<number>(), new Set<string>()];
  for (const { id, name } of classes) {
    requireWholeNumber(id, 0, `class '${name}' of the table '${table}' has the id ${id}`);
    if (ids.has(id) || names.has(name)) {
      throw new UserError({
        given: `the class table '${table}' lists ${names.has(name) ? `'${name}'` : `id ${id}`} twice`,
      });
    }
    ids.add(id);
    names.add(name);
  }
}

function join(
  halves: readonly Float32Array[],
  normalize: 'parts' | 'joint' | 'none',
  what: () => string,
): Float32Array {
  const scaled: (Float32Array | Float64Array)[] = normalize === 'parts' ? halves.map(normalized) : [...halves];
  const whole = Float64Array.from(scaled.flatMap((half) => [...half]));
  if (whole.every((value) => value === 0)) throw new UserError({ given: `${what()} has a vector of zeros` });
  return Float32Array.from(normalize === 'none' ? whole : normalized(whole));
}

type Origin = Pick<RowProvenance, 'source' | 'file' | 'sha256' | 'limit'>;

/** Provenance of a source. Once all classes are found, files are read again completely for their checksum. */
async function identify(source: VectorSource): Promise<Origin> {
  const origin = { source: source.name, file: originOf(source) };
  if (!('vectors' in source)) {
    const { limit } = source;
    return { ...origin, sha256: await sha256File(source.path), ...(limit !== undefined && { limit }) };
  }
  const hash = createHash('sha256');
  for (const [token, { buffer, byteOffset, byteLength }] of source.vectors) {
    hash.update(`${token}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return { ...origin, sha256: hash.digest('hex') };
}

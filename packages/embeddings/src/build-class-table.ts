import { createHash } from 'node:crypto';
import { editDistance, nearestName, sha256File, UserError } from '@unseen/core';
import { readWordVectors, streamWordVectors } from '@unseen/formats';
import type { ClassTable, RowProvenance } from './class-table.ts';
import { type ComposedVector, candidateTokens, composeVector, normalized } from './multi-word.ts';

/** Word vectors to take class vectors from: a word-vector text file, or vectors at hand. */
export type VectorSource = {
  readonly name: string;
  /**
   * How classes are found: `tokens` (default) looks their names up, by the rule of {@link composeVector}; with `ids` the
   * file is itself a class table whose row i (from 0) belongs to class id i. Its tokens must then be the names, '_' for ' '.
   */
  readonly rows?: 'tokens' | 'ids';
} & (
  | {
      readonly path: string;
      /** What the provenance calls the file; the path where it is left out. */
      readonly label?: string;
      /** Take only this many vectors from the top of the file. */
      readonly limit?: number;
    }
  | { readonly vectors: ReadonlyMap<string, Float32Array>; readonly origin: string }
);

/** A class that wants a vector. */
export interface TableClass {
  /** Value in the mask files. */
  readonly id: number;
  readonly name: string;
  /** What to look up instead of the name, by source. */
  readonly tokens?: Readonly<Record<string, string>>;
}

/** What {@link buildClassTable} makes a table from. */
export interface TableRecipe {
  readonly name: string;
  /** Their vectors are concatenated in this order. */
  readonly sources: readonly VectorSource[];
  /** May be left out where every source has `rows: ids`: then every row is a class. */
  readonly classes?: readonly TableClass[];
  /**
   * `parts`: every source's vector is brought to unit length, then the whole, so that all sources weigh the same.
   * `joint`: the whole only, as the released code of SPNet and CaGNet does. `none`: as stored.
   */
  readonly normalize?: 'parts' | 'joint' | 'none';
}

/**
 * Builds a table of class vectors (`dimension` = sum over the sources). All classes that no token stands for are listed
 * in one {@link UserError}, with near matches.
 */
export async function buildClassTable(recipe: TableRecipe): Promise<ClassTable> {
  const { name, sources, normalize = 'parts' } = recipe;
  if (sources.length === 0) throw new UserError({ given: `the class table '${name}' has no source` });
  const classes = recipe.classes ?? (await classesOfRows(name, sources));
  checkClasses(name, classes);
  const columns: Column[] = [];
  for (const source of sources) columns.push(await lookUpAll(source, classes));
  const missing = columns.flatMap((column) => column.missing);
  if (missing.length > 0) {
    throw new UserError({
      given: `${missing.length} vectors are missing for the class table '${name}': ${missing.join('; ')}`,
      remedy: "name other tokens for these classes in the recipe ('tokens: {source: token}')",
    });
  }
  const vectors = classes.map((_, row) => {
    const halves = columns.map(({ rows }) => rows[row].vector);
    return join(halves, normalize, () => `class '${classes[row].name}' of the table '${name}'`);
  });
  return {
    name,
    names: classes.map((one) => one.name),
    ids: classes.map(({ id }) => id),
    dimension: vectors[0].length,
    vectors,
    provenance: classes.map((_, row) =>
      columns.map(({ rows, origin }): RowProvenance => ({ ...origin, tokens: rows[row].tokens, rule: rows[row].rule })),
    ),
  };
}

interface Column {
  readonly origin: { source: string; file: string; sha256: string };
  /** Per class; incomplete where `missing` is not empty. */
  readonly rows: ComposedVector[];
  readonly missing: readonly string[];
}

async function lookUpAll(source: VectorSource, classes: readonly TableClass[]): Promise<Column> {
  const wanted = classes.map((one) => one.tokens?.[source.name] ?? one.name);
  if (source.rows === 'ids') return lookUpRows(source, classes, wanted);
  const origin = await originOf(source);
  const vectors =
    'vectors' in source
      ? source.vectors
      : (await readWordVectors(source.path, wanted.flatMap(candidateTokens), { limit: source.limit })).vectors;
  const found = wanted.map((token) => composeVector(token, vectors));
  const lacking = wanted.filter((_, i) => !found[i]);
  const near = lacking.length > 0 ? await nearTokens(source, lacking) : new Map<string, string>();
  const missing = lacking.map((token) => {
    const match = near.get(token);
    return `'${token}' in ${origin.file}${match ? ` (near: '${match}')` : ''}`;
  });
  return { origin, rows: found.filter((one) => one !== undefined), missing };
}

async function lookUpRows(
  source: VectorSource,
  classes: readonly TableClass[],
  wanted: readonly string[],
): Promise<Column> {
  const origin = await originOf(source);
  const table = await readRows(source);
  const rows = classes.map(({ id, name }, i): ComposedVector => {
    const row = table[id];
    if (row?.token === wanted[i].replaceAll(' ', '_')) return { vector: row.vector, tokens: [row.token], rule: 'row' };
    throw new UserError({
      given: `row ${id} of ${origin.file} is ${row ? `'${row.token}'` : 'missing'}, and class ${id} is '${name}'`,
      expected: 'a file whose rows are in the order of the class ids',
      remedy: `if they mean the same, write 'tokens: {${source.name}: ${row?.token ?? '…'}}' for the class`,
    });
  });
  return { origin, rows, missing: [] };
}

async function readRows(source: VectorSource): Promise<{ token: string; vector: Float32Array }[]> {
  if ('vectors' in source) return Array.from(source.vectors, ([token, vector]) => ({ token, vector }));
  const rows: { token: string; vector: Float32Array }[] = [];
  for await (const { token, vector } of streamWordVectors(source.path, { limit: source.limit })) {
    rows.push({ token, vector: vector() });
  }
  return rows;
}

async function classesOfRows(name: string, sources: readonly VectorSource[]): Promise<TableClass[]> {
  if (!sources.every(({ rows }) => rows === 'ids')) {
    throw new UserError({
      given: `the class table '${name}' lists no classes`,
      expected: "a list of classes, unless every source has 'rows: ids'",
    });
  }
  return (await readRows(sources[0])).map(({ token }, id) => ({ id, name: token.replaceAll('_', ' ') }));
}

function checkClasses(table: string, classes: readonly TableClass[]): void {
  if (classes.length === 0) throw new UserError({ given: `the class table '${table}' has no classes` });
  const [ids, names] = [new Set<number>(), new Set<string>()];
  for (const { id, name } of classes) {
    if (!Number.isInteger(id) || id < 0) {
      throw new UserError({
        given: `class '${name}' of the table '${table}' has the id ${id}`,
        expected: 'an integer ≥ 0',
      });
    }
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

async function originOf(source: VectorSource): Promise<Column['origin']> {
  if (!('vectors' in source)) {
    return { source: source.name, file: source.label ?? source.path, sha256: await sha256File(source.path) };
  }
  const hash = createHash('sha256');
  for (const [token, { buffer, byteOffset, byteLength }] of source.vectors) {
    hash.update(`${token}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return { source: source.name, file: source.origin, sha256: hash.digest('hex') };
}

/** A second look at a source for tokens that are spelled almost like those it lacks. */
async function nearTokens(source: VectorSource, lacking: readonly string[]): Promise<Map<string, string>> {
  const near = new Map<string, { token: string; distance: number }>();
  const consider = (token: string) => {
    for (const wanted of lacking) {
      if (Math.abs(token.length - wanted.length) > 2 || token[0]?.toLowerCase() !== wanted[0]?.toLowerCase()) continue;
      const distance = editDistance(token.toLowerCase(), wanted.toLowerCase());
      if (distance <= 2 && distance < (near.get(wanted)?.distance ?? 3)) near.set(wanted, { token, distance });
    }
  };
  if ('vectors' in source) {
    const tokens = [...source.vectors.keys()];
    return new Map(lacking.flatMap((one) => [[one, nearestName(one, tokens)] as const]).filter(isPair));
  }
  for await (const { token } of streamWordVectors(source.path, { limit: source.limit })) consider(token);
  return new Map([...near].map(([wanted, { token }]) => [wanted, token]));
}

const isPair = (pair: readonly [string, string | undefined]): pair is readonly [string, string] =>
  pair[1] !== undefined;

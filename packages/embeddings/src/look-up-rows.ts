import { nearestName, UserError } from '@unseen/core';
import type { ComposedVector } from './multi-word.ts';
import { readRowTable } from './read-row-table.ts';
import type { RowTable } from './row-table.ts';
import { originOf, type SourceColumn, type TableClass, tokensOf, type VectorSource } from './vector-source.ts';

/** Finds the rows of classes in a table by name or by id. */
export async function lookUpRows(
  source: VectorSource,
  classes: readonly TableClass[],
  rows: 'names' | 'ids',
): Promise<SourceColumn> {
  const table = await readRowTable(source);
  const wanted = classes.map((one) => rowName(source, one.name, tokensOf(one, source.name)));
  return rows === 'names' ? byName(source, table, wanted) : byId(source, table, classes, wanted);
}

/** Whether all row labels of a table are class ids. */
export function hasIds({ labels }: Pick<RowTable, 'labels'>): boolean {
  return labels?.every((label) => /^\d{1,9}$/.test(label)) === true;
}

function byName(source: VectorSource, { labels, rows }: RowTable, wanted: readonly string[]): SourceColumn {
  if (!labels) {
    throw new UserError({
      given: `${originOf(source)} has no names for its rows`,
      expected: "names, since the source has 'rows: names'",
      remedy: "pass a file with one name per line ('names: FILE'), or find rows by class id ('rows: ids')",
    });
  }
  const at = new Map<string, number>();
  labels.forEach((label, i) => {
    const earlier = at.get(spelled(label));
    if (earlier !== undefined) {
      throw new UserError({
        given: `rows ${earlier} and ${i} (from 0) of ${originOf(source)} are both called '${label}'`,
      });
    }
    at.set(spelled(label), i);
  });
  const found = wanted.map((name): ComposedVector | undefined => {
    const i = at.get(spelled(name));
    return i === undefined ? undefined : { vector: rows[i], tokens: [labels[i]], rule: 'name' };
  });
  const missing = wanted.flatMap((name, i) => {
    if (found[i]) return [];
    const near = nearestName(name, labels);
    return [`'${name}' in ${originOf(source)}${near ? ` (near: '${near}')` : ''}`];
  });
  return { rows: found, missing };
}

function byId(
  source: VectorSource,
  table: RowTable,
  classes: readonly TableClass[],
  wanted: readonly string[],
): SourceColumn {
  const { labels, rows } = table;
  if (hasIds(table)) {
    const at = idsOf(source, labels!);
    const find = (id: number): ComposedVector | undefined =>
      at.has(id) ? { vector: rows[at.get(id)!], tokens: [String(id)], rule: 'row' } : undefined;
    const missing = classes.filter(({ id }) => !at.has(id));
    return {
      rows: classes.map(({ id }) => find(id)),
      missing: missing.map(({ id, name }) => `id ${id} ('${name}') in ${originOf(source)}`),
    };
  }
  return {
    rows: classes.map(({ id, name }, i): ComposedVector => {
      const label = labels?.[id];
      const isRow = id < rows.length && (!labels || spelled(labels[id]) === spelled(wanted[i]));
      if (isRow) return { vector: rows[id], tokens: [label ?? `row ${id}`], rule: 'row' };
      throw new UserError({
        given: `row ${id} of ${originOf(source)} is ${label === undefined ? 'missing' : `'${label}'`}, but class ${id} is '${name}'`,
        expected: 'rows in the order of the class ids',
        ...(label !== undefined && {
          remedy: `if they are the same class, add 'tokens: {${source.name}: ${label}}' to it`,
        }),
      });
    }),
    missing: [],
  };
}

function idsOf(source: VectorSource, labels: readonly string[]): Map<number, number> {
  const at = new Map(labels.map((label, i) => [Number(label), i]));
  if (at.size === labels.length) return at;
  const twice = labels.find((label, i) => at.get(Number(label)) !== i);
  throw new UserError({
    given: `${originOf(source)} has two rows with id ${twice}`,
    expected: 'one row for each class',
  });
}

function rowName(source: VectorSource, name: string, given: string | readonly string[] | undefined): string {
  if (given === undefined || typeof given === 'string') return given ?? name;
  if (given.length === 1) return given[0];
  throw new UserError({
    given: `class '${name}' is a sum of ${given.length} tokens in the source '${source.name}', which is a table`,
    expected: "one name (sums require 'rows: tokens')",
  });
}

const spelled = (name: string) => name.normalize().replaceAll('_', ' ');

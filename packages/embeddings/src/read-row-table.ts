import { readJson, readText, UserError } from '@unseen/core';
import { openWordVectors, streamWordVectors } from '@unseen/formats';
import { z } from 'zod';
import { isArrayFile, readArrayTable } from './array-table.ts';
import { readCsvTable } from './csv-table.ts';
import { checkTableSize, type RowTable } from './row-table.ts';
import { type FileSource, originOf, type VectorSource } from './vector-source.ts';

/** Whether a file holds arrays or separated values, by its name. */
export function isTableFile(path: string): boolean {
  return isArrayFile(path) || /\.[ct]sv$/i.test(path);
}

/**
 * Reads a whole source as a table: text, arrays, or a small file of word vectors. Values that are not finite are
 * rejected.
 */
export async function readRowTable(source: VectorSource): Promise<RowTable> {
  const table = 'vectors' in source ? atHand(source.vectors) : await readFileTable(source);
  const { rows, labels } = table;
  if (rows.length === 0) throw new UserError({ given: `${originOf(source)} has no rows`, expected: 'a row per class' });
  rows.forEach((row, i) => {
    const at = row.findIndex((value) => !Number.isFinite(value));
    if (at < 0) return;
    throw new UserError({
      given: `${originOf(source)}: value ${at + 1} of ${labels ? `row '${labels[i]}'` : `row ${i} (from 0)`} is ${row[at]}`,
      expected: 'finite values',
    });
  });
  return table;
}

async function readFileTable(source: FileSource): Promise<RowTable> {
  const { path, names, array, limit } = source;
  const isArray = isArrayFile(path);
  if (limit !== undefined && isTableFile(path)) {
    throw new UserError({
      given: `the source '${source.name}' has a limit, but ${originOf(source)} is a table, which is read completely`,
      expected: "'limit' for files of word vectors only",
    });
  }
  if (array !== undefined && !isArray) {
    throw new UserError({
      given: `the source '${source.name}' names an array in ${path}`,
      expected: 'a file of arrays',
    });
  }
  if (isArray) return withNames(await readArrayTable(path, array), source);
  if (names !== undefined) {
    throw new UserError({
      given: `the source '${source.name}' has a list of names, but the rows of ${originOf(source)} already have names`,
      expected: "'names' only for arrays without row names",
    });
  }
  return isTableFile(path) ? readCsvTable(path) : readWordTable(source);
}

async function withNames(table: RowTable, { names: path, name, label }: FileSource): Promise<RowTable> {
  if (path === undefined) return table;
  const labels = await readNames(path);
  if (labels.length === table.rows.length && !table.labels) return { ...table, labels };
  throw new UserError({
    given: table.labels
      ? `the source '${name}' has a list of names, but the rows of its file already have names`
      : `${path} has ${labels.length} names, but ${label ?? name} has ${table.rows.length} rows`,
    expected: 'one name per row',
  });
}

/** One name per line (trailing blank lines are ignored), or a JSON list of names. */
async function readNames(path: string): Promise<string[]> {
  if (/\.json$/i.test(path)) {
    const list = z.array(z.string().min(1)).safeParse(await readJson(path));
    if (list.success) return list.data;
    throw new UserError({ given: `${path} is not a list of names`, expected: 'a JSON array of strings' });
  }
  const text = await readText(path);
  const lines = text.trimEnd().split(/\r?\n/);
  const empty = lines.findIndex((line) => line.trim() === '');
  if (empty < 0) return lines.map((line) => line.trim());
  throw new UserError({ given: `${path}:${empty + 1} is empty`, expected: 'one name per line' });
}

async function readWordTable({ path, limit }: FileSource): Promise<RowTable> {
  const file = await openWordVectors(path);
  const labels: string[] = [];
  if (file.format === 'text') {
    const rows: Float32Array[] = [];
    for await (const { token, vector } of streamWordVectors(path, { limit })) {
      checkTableSize(path, labels.push(token));
      rows.push(vector());
    }
    return { rows, labels };
  }
  for await (const batch of file.tokens({ limit })) {
    checkTableSize(path, labels.length + batch.length);
    labels.push(...batch);
  }
  const found = await file.lookUp(labels, { limit });
  const rowOf = (label: string) => {
    const vector = found.get(label)?.vector;
    if (vector) return vector;
    throw new UserError({ given: `${path}: the token '${label}' is not UTF-8`, expected: 'class names in UTF-8' });
  };
  return { rows: labels.map(rowOf), labels };
}

function atHand(vectors: ReadonlyMap<string, Float32Array>): RowTable {
  return { rows: [...vectors.values()], labels: [...vectors.keys()] };
}

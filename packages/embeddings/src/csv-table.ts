import { readFile } from 'node:fs/promises';
import { explainFileError, messageOf, UserError } from '@unseen/core';
import type { RowTable } from './row-table.ts';

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const NOT_FINITE = /^[-+]?(?:nan|inf|infinity)$/i;

/**
 * Reads a table of comma- or tab-separated values (RFC 4180) whose first column is the name or the id of a class and whose others
 * are numbers. A first line with text in all columns is a header and left out.
 */
export async function readCsvTable(path: string): Promise<RowTable> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw explainFileError(error, path);
  });
  const [first, ...rest] = await parseLines(path, text);
  if (!first) throw new UserError({ given: `${path} is empty`, expected: 'a line per class' });
  const isHeader = first.fields.slice(1).every((field) => !NUMBER.test(field) && !NOT_FINITE.test(field));
  const lines = isHeader ? rest : [first, ...rest];
  return { labels: lines.map((line) => nameOf(path, line)), rows: lines.map((line) => numbersOf(path, line)) };
}

interface Line {
  readonly fields: readonly string[];
  /** From 1; the last one of a record with line breaks in it. */
  readonly number: number;
}

async function parseLines(path: string, text: string): Promise<Line[]> {
  const { parse } = await import('csv-parse/sync');
  try {
    const records = parse(text, {
      bom: true,
      delimiter: /\.tsv$/i.test(path) ? '\t' : ',',
      skip_empty_lines: true,
      trim: true,
      on_record: (record: string[], { lines }) => [String(lines), ...record],
    });
    return records.map(([number, ...fields]) => ({ fields, number: Number(number) }));
  } catch (error) {
    throw new UserError(
      { given: `${path} is no table (${messageOf(error)})`, expected: 'as many values in every line' },
      { cause: error },
    );
  }
}

function nameOf(path: string, { fields, number }: Line): string {
  if (fields[0] !== '') return fields[0];
  throw new UserError({ given: `${path}:${number} has nothing in its first column`, expected: 'a name or an id' });
}

function numbersOf(path: string, { fields, number }: Line): Float32Array {
  if (fields.length < 2) {
    throw new UserError({ given: `${path}:${number} has one column`, expected: 'a name or an id, and numbers' });
  }
  return Float32Array.from(fields.slice(1), (field, i) => {
    const value = NUMBER.test(field) ? Math.fround(Number(field)) : Number.NaN;
    if (Number.isFinite(value)) return value;
    throw new UserError({
      given: `${path}:${number}: '${field}' in column ${i + 2}`,
      expected: 'a finite number',
      ...(/\d,\d|\d;/.test(field) && { remedy: "write numbers with a point, and ',' between columns" }),
    });
  });
}

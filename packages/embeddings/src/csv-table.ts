import { isUtf8 } from 'node:buffer';
import { messageOf, readBytes, UserError } from '@unseen/core';
import type { RowTable } from './row-table.ts';

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const NOT_FINITE = /^[-+]?(?:nan|inf|infinity)$/i;

/**
 * Reads a table of comma- or tab-separated values (RFC 4180): the name or id of a class in the first column, numbers in
 * the others. A first line with text in all columns is skipped as a header, and so are column numbers as pandas writes
 * them.
 */
export async function readCsvTable(path: string): Promise<RowTable> {
  const bytes = await readBytes(path);
  if (!isUtf8(bytes)) throw new UserError({ given: `${path} is not UTF-8 text`, remedy: 'save it as CSV in UTF-8' });
  const [first, ...rest] = await parseLines(path, bytes);
  if (!first) throw new UserError({ given: `${path} is empty`, expected: 'one line per class' });
  const lines = isHeader(first) ? rest : [first, ...rest];
  return { labels: lines.map((line) => nameOf(path, line)), rows: lines.map((line) => numbersOf(path, line)) };
}

interface Line {
  readonly fields: readonly string[];
  /** From 1; the last line of a record that contains line breaks. */
  readonly number: number;
}

function isHeader({ fields: [name, ...others] }: Line): boolean {
  // With several columns, 0, 1, 2 … cannot be the values of a class.
  const isCount = others.length >= (name === '' ? 1 : 4) && others.every((field, i) => field === String(i));
  return isCount || others.every((field) => !NUMBER.test(field) && !NOT_FINITE.test(field));
}

async function parseLines(path: string, text: Buffer): Promise<Line[]> {
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
      { given: `${path} is not a table (${messageOf(error)})`, expected: 'the same number of values in every line' },
      { cause: error },
    );
  }
}

function nameOf(path: string, { fields, number }: Line): string {
  if (fields[0] !== '') return fields[0];
  throw new UserError({ given: `${path}:${number}: the first column is empty`, expected: 'a class name or id' });
}

function numbersOf(path: string, { fields, number }: Line): Float32Array {
  if (fields.length < 2) {
    throw new UserError({
      given: `${path}:${number} has only one column`,
      expected: 'a class name or id, then numbers',
    });
  }
  return Float32Array.from(fields.slice(1), (field, i) => {
    const value = NUMBER.test(field) ? Math.fround(Number(field)) : Number.NaN;
    if (Number.isFinite(value)) return value;
    throw new UserError({
      given: `${path}:${number}: '${field}' in column ${i + 2}`,
      expected: 'a finite number',
      ...(/\d,\d|\d;/.test(field) && { remedy: "use a decimal point, and ',' between columns" }),
    });
  });
}

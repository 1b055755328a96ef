import { messageOf, readText, UserError } from '@unseen/core';
import type { RowTable } from './row-table.ts';

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const NOT_FINITE = /^[-+]?(?:nan|inf|infinity)$/i;

/**
 * Reads a table of separated values (RFC 4180): the name or id of a class in the first column, numbers in the others. Tabs
 * separate in a `.tsv`, commas or semicolons in a `.csv`, where numbers may then have decimal commas. A first line with text
 * in all columns is skipped as a header, and so are column numbers as pandas writes them. UTF-8, or UTF-16 with its mark.
 */
export async function readCsvTable(path: string): Promise<RowTable> {
  const text = await readText(path);
  const separators = /\.tsv$/i.test(path) ? ['\t'] : separatorsIn(text);
  if (separators.length < 2) return readTable(path, text, separators[0] ?? ',');
  const readings = await Promise.all(
    separators.map((separator) => readTable(path, text, separator).catch((error: unknown) => error)),
  );
  const isTable = (reading: unknown): reading is RowTable => !(reading instanceof Error);
  const [table, other] = readings.filter(isTable).filter(({ rows }) => rows.length > 0);
  if (!table) throw readings.find((reading) => !isTable(reading)) ?? nothingIn(path);
  if (!other) return table;
  throw new UserError({
    given: `${path} can be read with ',' and with ';' between its columns`,
    expected: 'one of them',
    remedy: "write numbers with a decimal point, ',' between columns, and quotes around names that have either",
  });
}

const nothingIn = (path: string) => new UserError({ given: `${path} is empty`, expected: 'one line per class' });

/** Those that a text has, the more frequent one first. */
function separatorsIn(text: string): string[] {
  const count = (separator: string) => text.split(separator).length;
  return [',', ';'].filter((one) => count(one) > 1).sort((a, b) => count(b) - count(a));
}

async function readTable(path: string, text: string, separator: string): Promise<RowTable> {
  const [first, ...rest] = withPoints(path, await parseLines(path, text, separator), separator);
  if (!first) throw nothingIn(path);
  const lines = isHeader(first) ? rest : [first, ...rest];
  return { labels: lines.map((line) => nameOf(path, line)), rows: lines.map((line) => numbersOf(path, line)) };
}

const DECIMAL_COMMA = /^[-+]?\d*,\d+(?:e[-+]?\d+)?$/i;

/** Numbers with decimal points, where a table has decimal commas; one with both is a {@link UserError}. */
function withPoints(path: string, lines: readonly Line[], separator: string): readonly Line[] {
  const hasComma = (field: string) => DECIMAL_COMMA.test(field);
  if (separator === ',' || !lines.some(({ fields }) => fields.slice(1).some(hasComma))) return lines;
  return lines.map(({ fields: [name, ...fields], number }) => {
    const point = fields.findIndex((field) => NUMBER.test(field) && field.includes('.'));
    if (point < 0)
      return { fields: [name, ...fields.map((field) => (hasComma(field) ? field.replace(',', '.') : field))], number };
    throw new UserError({
      given: `${path}:${number}: '${fields[point]}' in column ${point + 2} has a decimal point, other numbers have decimal commas`,
      expected: 'one of them',
    });
  });
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

async function parseLines(path: string, text: string, separator: string): Promise<Line[]> {
  const { parse } = await import('csv-parse/sync');
  try {
    const records = parse(text, {
      bom: true,
      delimiter: separator,
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

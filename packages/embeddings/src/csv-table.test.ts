import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { readCsvTable } from './csv-table.ts';

const folder = temporaryFolder();

async function read(text: string | Uint8Array, name = 'table.csv') {
  const path = join(folder, name);
  await writeFile(path, text);
  return readCsvTable(path);
}

it.each([
  ['without a header', 'cat,1,-2.5\ndog,3e-2,+4\n', 'table.csv'],
  ['with a header, a byte-order mark and other line ends', '\ufeffname,x1,x2\r\ncat,1,-2.5\r\ndog,0.03,4', 'table.csv'],
  ['with quotes and blanks', '"cat", 1, -2.5\n\n"dog","3e-2",4\n', 'table.csv'],
  ['as pandas writes it', ',0,1\ncat,1,-2.5\ndog,0.03,4\n', 'table.csv'],
  ['with tabs', 'cat\t1\t-2.5\ndog\t.03\t4.\n', 'table.tsv'],
  ['with semicolons', 'cat;1;-2.5\ndog;.03;4.\n', 'table.csv'],
  ['with semicolons and decimal commas', '\ufeffname;a;b\r\ncat;1;-2,5\r\ndog;,03;4\r\n', 'table.csv'],
  ['with tabs and decimal commas', 'cat\t1\t-2,5\ndog\t3e-2\t4\n', 'table.tsv'],
  ['in UTF-16', Buffer.from('\ufeffcat,1,-2.5\ndog,0.03,4', 'utf16le'), 'table.csv'],
  ['in UTF-16, big-endian', Buffer.from('\ufeffcat,1,-2.5\ndog,0.03,4', 'utf16le').swap16(), 'table.csv'],
])('reads a table %s', async (_, text, name) => {
  expect(await read(text, name)).toEqual({
    labels: ['cat', 'dog'],
    rows: [Float32Array.of(1, -2.5), Float32Array.of(0.03, 4)],
  });
});

it('keeps commas, quotes and line breaks in names', async () => {
  expect((await read('"wall, ""old""",1\n"two\nlines",2\n')).labels).toEqual(['wall, "old"', 'two\nlines']);
  expect((await read('wall; old,1\nfloor,2\n')).labels).toEqual(['wall; old', 'floor']);
});

it.each([
  ['', 'is empty'],
  ['cat,1,2\ndog,3\n', 'is not a table'],
  ['cat,1\ndog,x\n', "table.csv:2: 'x' in column 2"],
  ['cat,nan\ndog,1\n', "table.csv:1: 'nan' in column 2"],
  ['cat,1e99\n', "'1e99' in column 2"],
  ['cat,1\n,2\n', 'table.csv:2: the first column is empty'],
  ['cat\ndog\n', 'has only one column'],
  ['"cat,1\n', 'is not a table'],
  ['cat,1,2;5,x\n', "use a decimal point, and ',' between columns"],
  ['cat;1,5\ndog;2,5\n', "can be read with ',' and with ';' between its columns"],
  ['cat;1,5;2\ndog;1;2.5\n', "table.csv:2: '2.5' in column 3 has a decimal point, other numbers have decimal commas"],
])('refuses %j', async (text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});

it('tells numbered columns from a class', async () => {
  expect((await read('name,0,1,2,3\ncat,1,1,1,1\n')).labels).toEqual(['cat']);
  expect((await read('dog,0,1\ncat,1,1\n')).labels).toEqual(['dog', 'cat']);
});

it('refuses other encodings', async () => {
  for (const encoding of ['latin1', 'utf16le'] as const) {
    await expect(read(Buffer.from('\xfc\xff,1\n', encoding))).rejects.toThrow(
      'table.csv is not UTF-8; expected UTF-8, or UTF-16 with a byte order mark; save it as UTF-8',
    );
  }
});

it('answers any bytes with a table or a UserError', async () => {
  const pieces = fc.constantFrom('cat', ',', '\n', '"', '1', '-2e3', ' ', '\r', '\0', 'é', '\t', ';', 'nan');
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (parts) => {
      const outcome = await read(parts.join('')).catch((error) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(UserError);
      else expect(outcome.rows).toHaveLength(outcome.labels?.length ?? -1);
    }),
    { numRuns: 300 },
  );
});

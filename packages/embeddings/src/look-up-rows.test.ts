import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNpy } from '@unseen/formats';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { lookUpClasses } from './look-up.ts';
import { readRowTable } from './read-row-table.ts';
import type { FileSource } from './vector-source.ts';

const folder = temporaryFolder();

const classes = [
  { id: 0, name: 'cat' },
  { id: 2, name: 'potted plant' },
];

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const find = (path: string, settings: Partial<FileSource> = {}) =>
  lookUpClasses({ name: 's', path, label: 'file', rows: 'names', ...settings }, classes);

describe('rows with names', () => {
  it('are found by them, blanks and underscores alike', async () => {
    const path = await file('named.csv', 'class,a,b\npotted_plant,1,2\ndog,3,4\ncat,5,6\n');
    const { rows, missing } = await find(path);
    expect(missing).toEqual([]);
    expect(rows).toEqual([
      { vector: Float32Array.of(5, 6), tokens: ['cat'], rule: 'name' },
      { vector: Float32Array.of(1, 2), tokens: ['potted_plant'], rule: 'name' },
    ]);
  });

  it('that are missing or there twice are named', async () => {
    const { missing } = await find(await file('near.csv', 'cart,1\npotted plant,2\n'));
    expect(missing).toEqual(["'cat' in file (near: 'cart')"]);
    await expect(find(await file('twice.csv', 'cat,1\nd_g,2\nd g,3\n'))).rejects.toThrow(
      "rows 1 and 2 (from 0) of file are both called 'd g'",
    );
  });

  it('may have them in a file of their own', async () => {
    const path = join(folder, 'array.npy');
    await writeNpy(path, { shape: [2, 1], values: Float64Array.of(0.1, 7) });
    const { rows } = await find(path, { names: await file('names.txt', 'potted plant\r\ncat\n\n') });
    expect(rows.map((row) => row?.vector)).toEqual([Float32Array.of(7), Float32Array.of(0.1)]);
    const json = await find(path, { names: await file('names.json', '["cat", "potted plant"]') });
    expect(json.rows[0]?.vector).toEqual(Float32Array.of(0.1));
    await expect(find(path, { names: await file('short.txt', 'cat\n') })).rejects.toThrow(
      /1 names, but file has 2 rows/,
    );
    await expect(find(path, { names: await file('gap.txt', 'cat\n\ndog') })).rejects.toThrow('gap.txt:2 is empty');
    await expect(find(path)).rejects.toThrow('file has no names for its rows');
  });
});

describe('rows of files of word vectors', () => {
  const binary = (count: number) => {
    const entry = Buffer.concat([Buffer.from('a '), Buffer.from(Float32Array.of(1.5).buffer)]);
    return Buffer.concat([Buffer.from(`${count} 1\n`), Buffer.alloc(entry.length * count, entry)]);
  };

  it('are those of small ones', async () => {
    const path = join(folder, 'a.bin');
    await writeFile(path, binary(1));
    expect((await readRowTable({ name: 's', path })).rows).toEqual([Float32Array.of(1.5)]);
    await writeFile(path, binary(200_000));
    await expect(readRowTable({ name: 's', path })).rejects.toThrow("use 'rows: tokens' for a file of word vectors");
  });
});

describe('settings', () => {
  const refusals: [string, Partial<FileSource>, string][] = [
    ['x.vec', { rows: 'tokens', names: 'names.txt' }, "'names' with 'rows: tokens'"],
    ['x.vec', { rows: 'tokens', array: 'w' }, "'array' with 'rows: tokens'"],
    ['x.vec', { rows: 'ids', subwords: true }, "'subwords' with 'rows: ids'"],
    ['x.csv', { limit: 1 }, 'has a limit, but file is a table'],
    ['x.csv', { rows: 'tokens' }, 'looks for tokens in file, which is a table'],
  ];
  it.each(refusals)('of %s that would have no effect are refused: %o', async (name, settings, message) => {
    await expect(find(await file(name, 'cat,1\npotted plant,2\n'), settings)).rejects.toThrow(message);
  });
});

describe('rows by the ids of classes', () => {
  it('come with ids, or in their order', async () => {
    const withIds = await find(await file('ids.csv', '2,20\n0,5\n'), { rows: 'ids' });
    expect(withIds.rows.map((row) => [row?.vector[0], row?.tokens, row?.rule])).toEqual([
      [5, ['0'], 'row'],
      [20, ['2'], 'row'],
    ]);
    const path = join(folder, 'ordered.npy');
    await writeNpy(path, { shape: [3, 1], values: Float32Array.of(8, 9, 10) });
    const ordered = await find(path, { rows: 'ids' });
    expect(ordered.rows.map((row) => [row?.vector[0], row?.tokens])).toEqual([
      [8, ['row 0']],
      [10, ['row 2']],
    ]);
  });

  it('are refused where they are missing, doubled or of another class', async () => {
    const { missing } = await find(await file('few.csv', '0,1\n1,2\n'), { rows: 'ids' });
    expect(missing).toEqual(["id 2 ('potted plant') in file"]);
    await expect(find(await file('double.csv', '0,1\n0,2\n'), { rows: 'ids' })).rejects.toThrow('two rows with id 0');
    const other = file('other.csv', 'cat,1\ndog,2\nsheep,3\n');
    await expect(find(await other, { rows: 'ids' })).rejects.toThrow("row 2 of file is 'sheep', but class 2");
    const path = join(folder, 'small.npy');
    await writeNpy(path, { shape: [1, 1], values: Float32Array.of(8) });
    await expect(find(path, { rows: 'ids' })).rejects.toThrow('row 2 of file is missing');
  });

  it('cannot be sums', async () => {
    const sums = [{ id: 0, name: 'cat', tokens: { s: ['a', 'b'] } }];
    const path = await file('sums.csv', 'a,1\nb,2\n');
    await expect(lookUpClasses({ name: 's', path, rows: 'names' }, sums)).rejects.toThrow('is a sum of 2 tokens');
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeNpy, writeSafetensors } from '@unseen/formats';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { isArrayFile, readArrayTable } from './array-table.ts';
import { readRowTable } from './read-row-table.ts';
import { checkTableSize } from './row-table.ts';

const folder = temporaryFolder();

async function write(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** `np.save(path, {'cat': [1.5, 2.0], 'dog': [3.0, 4.0]})` */
const SAVED_DICTIONARY =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJXCAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBKWgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlH2UKIwDY2F0lF2UKEc/+AAAAAAAAEdAAAAAAAAAAGWMA2RvZ5RdlChHQAgAAAAAAABHQBAAAAAAAABldWF0lGIu';
/** `np.savez_compressed(path, text=np.array([[1, 2], [3, 4]], 'float16'))` */
const ARCHIVE =
  'UEsDBC0AAAAIAAAAIQCsy0dI//////////8IABQAdGV4dC5ucHkBABAAiAAAAAAAAABOAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqSuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CkaaOgq1CmQDLgYbBgcGJwYXAFBLAQItAy0AAAAIAAAAIQCsy0dITgAAAIgAAAAIAAAAAAAAAAAAAACAAQAAAAB0ZXh0Lm5weVBLBQYAAAAAAQABADYAAACIAAAAAAA=';

describe('readArrayTable', () => {
  it('takes the rows of a matrix, as float32', async () => {
    const values = Float64Array.of(0.1, 2, 3, 4);
    const path = await write('matrix.npy', encodeNpy({ shape: [2, 2], values }));
    expect(await readArrayTable(path)).toEqual({ rows: [Float32Array.of(0.1, 2), Float32Array.of(3, 4)] });
    const whole = await write('whole.npy', encodeNpy({ shape: [2, 1], values: BigInt64Array.of(5n, -6n) }));
    expect((await readArrayTable(whole)).rows).toEqual([Float32Array.of(5), Float32Array.of(-6)]);
  });

  it('takes a pickled dictionary of lists, with their names', async () => {
    // Protocol 0: {'cat': [1.5, 2.0], 'dog': [3.0, 4.0]}
    const path = await write('named.pkl', "(dS'cat'\n(lF1.5\naF2.0\nasS'dog'\n(lF3.0\naF4.0\nas.");
    expect(await readArrayTable(path)).toEqual({
      labels: ['cat', 'dog'],
      rows: [Float32Array.of(1.5, 2), Float32Array.of(3, 4)],
    });
  });

  it('takes what NumPy saves: a dictionary in an array, and archives', async () => {
    const dictionary = await write('named.npy', Buffer.from(SAVED_DICTIONARY, 'base64'));
    expect(await readArrayTable(dictionary)).toEqual({
      labels: ['cat', 'dog'],
      rows: [Float32Array.of(1.5, 2), Float32Array.of(3, 4)],
    });
    const archive = await write('text.npz', Buffer.from(ARCHIVE, 'base64'));
    expect(await readArrayTable(archive)).toEqual({ rows: [Float32Array.of(1, 2), Float32Array.of(3, 4)] });
  });

  it('takes one of several arrays by its name', async () => {
    const tensor = (shape: number[], ...values: number[]) => ({ shape, values: Float32Array.from(values) });
    const tensors = new Map([
      ['text', tensor([2, 1], 1, 2)],
      ['scale', tensor([1], 100)],
    ]);
    const path = join(folder, 'clip.safetensors');
    await writeSafetensors(path, tensors);
    expect((await readArrayTable(path)).rows).toHaveLength(2);
    expect((await readArrayTable(path, 'text')).rows).toEqual([Float32Array.of(1), Float32Array.of(2)]);
    await expect(readArrayTable(path, 'scale')).rejects.toThrow('is an array of shape (1)');
    await expect(readArrayTable(path, 'tekst')).rejects.toThrow("'text'");
    tensors.set('other', tensor([1, 1], 0));
    const two = join(folder, 'two.safetensors');
    await writeSafetensors(two, tensors);
    await expect(readArrayTable(two)).rejects.toThrow('has 2 matrices: text, other');
  });

  it('refuses what is no matrix', async () => {
    const vector = await write('vector.npy', encodeNpy({ shape: [3], values: Float32Array.of(1, 2, 3) }));
    await expect(readArrayTable(vector)).rejects.toThrow('shape (3)');
    const uneven = await write('uneven.pkl', "(dS'cat'\n(lF1.5\nasS'dog'\n(lF3.0\naF4.0\nas.");
    await expect(readArrayTable(uneven)).rejects.toThrow("'dog' has 2 values, but 'cat' has 1");
    const text = await write('text.pkl', "S'cat'\n.");
    await expect(readArrayTable(text)).rejects.toThrow('contains no matrix');
  });
});

it('tables that are too large for classes are refused', async () => {
  const values = new Int8Array(70_000);
  const path = join(folder, 'many.safetensors');
  await writeSafetensors(path, new Map([['a', { shape: [values.length, 1], values }]]));
  await expect(readArrayTable(path)).rejects.toThrow('more than 65536 rows');
  const many = await write('many.npy', encodeNpy({ shape: [values.length, 1], values }));
  await expect(readArrayTable(many)).rejects.toThrow('more than 65536 rows');
  expect(() => checkTableSize('wide.npz', 60_000, 3000)).toThrow('60000 rows of 3000 values');
});

it('tables with numbers that are not finite, and empty ones, are refused', async () => {
  const path = await write('nan.npy', encodeNpy({ shape: [2, 2], values: Float32Array.of(1, 2, 3, Number.NaN) }));
  await expect(readRowTable({ name: 's', path, label: 'nan.npy' })).rejects.toThrow('nan.npy: value 2 of row 1');
  const none = await write('none.npy', encodeNpy({ shape: [0, 2], values: new Float32Array(0) }));
  await expect(readRowTable({ name: 's', path: none })).rejects.toThrow('has no rows');
});

it('knows files of arrays by their names', () => {
  expect(['a.npy', 'a.NPZ', 'a.pkl', 'a.pt', 'a.safetensors'].every(isArrayFile)).toBe(true);
  expect(['a.vec', 'a.bin', 'a.csv', 'a.txt', 'npy'].some(isArrayFile)).toBe(false);
});

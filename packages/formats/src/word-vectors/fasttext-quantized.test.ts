import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { fastTextBytes } from './model-writer.suite.ts';
import { openWordVectors } from './open-word-vectors.ts';
import { QuantizedModelError } from './word-vector-file.ts';

const SHARED = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../../shared');
const LANGUAGES = join(SHARED, 'data/wordvec/fasttext/lid.176.ftz');

const folder = temporaryFolder();

async function outcome(bytes: Buffer): Promise<unknown> {
  const path = join(folder, 'model.ftz');
  await writeFile(path, bytes);
  return openWordVectors(path).catch((error) => error);
}

describe('quantised models', () => {
  const good = fastTextBytes({ version: 12, words: ['dog'], quantized: true, dimension: 2, rows: [[0, 0]] });

  it('are refused, with what to take', async () => {
    const error = await outcome(good);
    expect(error).toBeInstanceOf(QuantizedModelError);
    expect(String(error)).toContain('use the .bin that it was made from');
  });

  it('are damaged where they end early, before fastText sees them', async () => {
    for (let end = 0; end < good.length; end += 61) {
      const error = await outcome(good.subarray(0, end));
      expect(error, `${end} bytes`).toBeInstanceOf(UserError);
      expect(error, `${end} bytes`).not.toBeInstanceOf(QuantizedModelError);
    }
  });

  // After header, dictionary and two marks.
  const matrix = 8 + 56 + 28 + 'dog'.length + 10 + 2;
  it.each([
    ['rows', matrix, 'less data than declared'],
    ['columns', matrix + 8, 'a quantiser of dimension 2 for 2147483647'],
    ['codes', matrix + 16, 'less data than declared'],
    ['dimensions of the quantiser', matrix + 20 + 2, 'a quantiser of dimension 2147483647 for 2'],
  ])('are damaged where they promise too many %s', async (_, at, message) => {
    const bytes = Buffer.from(good);
    bytes.writeInt32LE(0x7fffffff, at);
    expect(String(await outcome(bytes))).toContain(message);
  });

  it.skipIf(!existsSync(LANGUAGES))('of which one is published (skipped without ../shared)', async () => {
    await expect(openWordVectors(LANGUAGES)).rejects.toBeInstanceOf(QuantizedModelError);
  });
});

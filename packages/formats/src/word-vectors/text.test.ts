import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { readWordVectors, streamWordVectors } from './text.ts';

const shared = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../../shared'), 'data');
let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'some.vec');
});

const numbers = (vectors: ReadonlyMap<string, Float32Array>) =>
  Object.fromEntries([...vectors].map(([token, vector]) => [token, [...vector]]));

describe('readWordVectors', () => {
  it('reads files with a first line and without, blanks at the end, tabs and Windows line ends', async () => {
    for (const text of [
      '2 3\ncat 1 2 3 \ndog -1 .5 1e-2\n',
      'cat 1 2 3\ndog -1 .5 1e-2',
      'cat\t1 2 3\r\ndog -1 +0.5 1E-2\r\n',
    ]) {
      await writeFile(path, text);
      const { dimension, count, vectors, duplicates } = await readWordVectors(path);
      expect({ dimension, count, duplicates }).toEqual({ dimension: 3, count: 2, duplicates: [] });
      expect(numbers(vectors)).toEqual({ cat: [1, 2, 3], dog: [-1, 0.5, Math.fround(0.01)] });
    }
  });

  it('gives back any tokens and numbers', async () => {
    const token = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/[\t\n\r ]/.test(text));
    const vector = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(token, vector), { minLength: 1, selector: ([t]) => t }),
        async (rows) => {
          await writeFile(path, `${rows.length} 3\n${rows.map(([t, v]) => `${t} ${v.join(' ')}\n`).join('')}`);
          const { vectors } = await readWordVectors(path);
          expect([...vectors.keys()]).toEqual(rows.map(([t]) => t));
          for (const [t, v] of rows) expect(vectors.get(t)).toEqual(Float32Array.from(v, (x) => x + 0));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('returns wanted tokens only, and does not read the numbers of others', async () => {
    await writeFile(path, 'cat 1 2\nbroken x y\ndog 3 4\n');
    const { vectors, count } = await readWordVectors(path, ['dog', 'zebra']);
    expect(numbers(vectors)).toEqual({ dog: [3, 4] });
    expect(count).toBe(3);
    await expect(readWordVectors(path)).rejects.toThrow(`${path}:2: 'x' (number 1); expected a finite number`);
  });

  it('keeps the first of several lines of a token and says so', async () => {
    await writeFile(path, '3 1\ncat 1\ncat 2\ndog 3\n');
    const { vectors, duplicates } = await readWordVectors(path, ['cat']);
    expect(numbers(vectors)).toEqual({ cat: [1] });
    expect(duplicates).toEqual(['cat']);
  });

  it('takes tokens with blanks where what follows is no number', async () => {
    await writeFile(path, 'cat 1 2\n. . . 3 4\nat name@domain.com 5 6\n');
    const { vectors } = await readWordVectors(path);
    expect(numbers(vectors)).toEqual({ cat: [1, 2], '. . .': [3, 4], 'at name@domain.com': [5, 6] });
  });

  it.each([['12 3\n'], ['']])(
    'takes blanks, and what other programs split at, as tokens (first line %j)',
    async (head) => {
      const tokens = [
        'the',
        '. . .',
        'at me@example.org',
        ' ',
        '\u00a0',
        '1\u00a0/\u00a02',
        'a\u2028b',
        '\u0085',
        '\u3000',
        '  ',
        '\t',
      ];
      await writeFile(path, `${head}${[...tokens, 'cat'].map((token, i) => `${token} ${i} 2 .5\n`).join('')}`);
      const expected = new Map([...tokens, 'cat'].map((token, i) => [token, Float32Array.of(i, 2, 0.5)]));
      expect((await readWordVectors(path)).vectors).toEqual(expected);
      expect((await readWordVectors(path, expected.keys())).vectors).toEqual(expected);
      const read: string[] = [];
      for await (const { token } of streamWordVectors(path)) read.push(token);
      expect(read).toEqual([...expected.keys()]);
      await writeFile(path, 'cat 1 2\n dog 3\n');
      await expect(readWordVectors(path)).rejects.toThrow(':2 has 1 numbers');
    },
  );

  it('stops at the limit', async () => {
    await writeFile(path, '3 1\ncat 1\ndog 2\ncow oops 3\n');
    const { vectors, count } = await readWordVectors(path, undefined, { limit: 2 });
    expect([...vectors.keys()]).toEqual(['cat', 'dog']);
    expect(count).toBe(2);
  });

  it.each([
    ['a short line', 'cat 1 2\ndog 3\n', /:2 has 1 numbers; expected 2/],
    ['a long line', 'cat 1 2\ndog 3 4 5\n', /:2 has 3 numbers; expected 2/],
    ['an empty line', 'cat 1 2\n\ndog 3 4\n', /:2 has 0 numbers/],
    ['infinity', 'cat 1 Infinity\n', /:1: 'Infinity' \(number 2\)/],
    ['more than 32 bits hold', 'cat 1 1e39\n', /:1: '1e39'/],
    ['hexadecimal numbers', 'cat 1 0x10\n', /'0x10'/],
    ['fewer vectors than promised', '3 2\ncat 1 2\n', /declares 3 vectors in its first line but has 1/],
    ['more vectors than promised', '1 2\ncat 1 2\ndog 1 2\n', /declares 1 vectors in its first line but has 2/],
    ['dimension 0', '5 0\ncat\n', /dimension 0/],
    ['an empty file', '', /not a file of word vectors/],
    ['text', 'hello\nworld\n', /not a file of word vectors/],
    ['an endless line', 'x'.repeat(3 << 20), /not a file of word vectors/],
  ])('refuses %s', async (_, text, message) => {
    await writeFile(path, text);
    const error = await readWordVectors(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).toContain(path);
  });

  it('joins lines across the pieces in which a file is read', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `token${i} ${i} 0.123456789012345 -${i}.5`);
    await writeFile(path, `${rows.join('\n')}\n`);
    let expected = 0;
    for await (const { token, line, vector } of streamWordVectors(path)) {
      if (expected % 1000 === 0)
        expect([...vector()]).toEqual([expected, Math.fround(0.123456789012345), -expected - 0.5]);
      if (token !== `token${expected}` || line !== ++expected) break;
    }
    expect(expected).toBe(60_000);
  });

  it('answers arbitrary bytes with a UserError or vectors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        await writeFile(path, bytes);
        const result = await readWordVectors(path).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(UserError);
      }),
    );
    await expect(readWordVectors(join(folder, 'absent.vec'))).rejects.toThrow('does not exist');
  });

  it.skipIf(!existsSync(shared))('reads published files (skipped without ../shared)', async () => {
    const coco = await readWordVectors(join(shared, 'wordvectors/cocostuff.fasttext.vec'));
    expect(coco).toMatchObject({ dimension: 300, count: 182, duplicates: [] });
    const lee = await readWordVectors(join(shared, 'wordvec/fasttext/lee_fasttext.vec'), ['the', '</s>']);
    expect([...lee.vectors.keys()].sort()).toEqual(['</s>', 'the']);
    const glove = await readWordVectors(join(shared, 'wordvec/other/test_glove.txt'), ['the']);
    expect(glove.vectors.get('the')?.[0]).toBe(Math.fround(0.418));
    const odd = join(shared, 'wordvec/other/EN.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt');
    expect((await readWordVectors(odd)).count).toBe(20);
  });
});

import { existsSync } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { subwordBuckets } from './fasttext-subwords.ts';
import { type FastTextInput, fastTextBytes, tokensOf } from './model-writer.suite.ts';
import { openWordVectors } from './open-word-vectors.ts';

const shared = join(
  process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../../shared'),
  'data/wordvec/fasttext',
);
const MIB = 2 ** 20;
let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'model.bin');
});

async function openModel(input: FastTextInput) {
  await writeFile(path, fastTextBytes(input));
  return openWordVectors(path);
}

/** Rows 1, 2, 4, 8, …: their sums tell which of them were summed. */
const powers = (count: number) => Array.from({ length: count }, (_, i) => [2 ** i]);
const meanOf = (rows: readonly number[]) => Math.fround(rows.reduce((sum, row) => sum + 2 ** row, 0) / rows.length);

async function lookUpOne(input: FastTextInput, token: string, subwords = true) {
  const found = (await (await openModel(input)).lookUp([token], { subwords })).get(token);
  return found && { value: found.vector[0], fromSubwords: found.fromSubwords };
}

describe('fastText models', () => {
  it.each([undefined, 11, 12] as const)(
    'version %s: a vector is the mean of the word and its n-grams',
    async (version) => {
      const settings = { minn: 3, maxn: 4, bucket: 9 };
      const input = { ...settings, version, words: ['dog', 'cow', '</s>'], dimension: 1, rows: powers(12) };
      const file = await openModel(input);
      expect(file).toMatchObject({ format: 'fasttext-binary', dimension: 1, count: 3, subwords: true });
      const found = await file.lookUp(['cow', 'sheep', '</s>', 'dog'], { subwords: true });
      const rowsOf = (word: string) => subwordBuckets(word, settings).map((bucket) => 3 + bucket);
      expect([...found].map(([token, { vector, fromSubwords }]) => [token, vector[0], fromSubwords])).toEqual([
        ['cow', meanOf([1, ...rowsOf('cow')]), false],
        ['sheep', meanOf(rowsOf('sheep')), true],
        ['</s>', 4, false],
        ['dog', meanOf([0, ...rowsOf('dog')]), false],
      ]);
      expect([...(await file.lookUp(['sheep', 'dog'])).keys()]).toEqual(['dog']);
    },
  );

  it('leaves words out that have no n-grams either', async () => {
    const input = { version: 12, words: ['dog'], minn: 5, maxn: 6, bucket: 2, dimension: 1, rows: powers(3) } as const;
    expect(await lookUpOne(input, 'ox')).toBeUndefined();
    expect(await lookUpOne(input, '</s>')).toBeUndefined();
    expect(await lookUpOne(input, '')).toBeUndefined();
  });

  it('takes words as they are in models without n-grams', async () => {
    const input = { version: 12, words: ['dog', 'cow'], minn: 0, maxn: 0, dimension: 1, rows: powers(2) } as const;
    expect((await openModel(input)).subwords).toBe(false);
    expect(await lookUpOne(input, 'cow')).toEqual({ value: 2, fromSubwords: false });
    expect(await lookUpOne({ ...input, maxn: 6, bucket: 0 }, 'cow')).toEqual({ value: 2, fromSubwords: false });
    expect(await lookUpOne(input, 'sheep')).toBeUndefined();
  });

  it('does not take labels for words; supervised models of before version 12 have no n-grams', async () => {
    const input = { words: ['dog', 'cow'], labels: ['__label__1'], supervised: true, minn: 3, maxn: 3, bucket: 4 };
    const rows = powers(6);
    expect(await lookUpOne({ ...input, version: 12, dimension: 1, rows }, '__label__1', false)).toBeUndefined();
    const cow = [1, ...subwordBuckets('cow', input).map((bucket) => 2 + bucket)];
    expect((await lookUpOne({ ...input, version: 12, dimension: 1, rows }, 'cow'))?.value).toBe(meanOf(cow));
    expect((await lookUpOne({ ...input, version: 11, dimension: 1, rows }, 'cow'))?.value).toBe(2);
    expect((await lookUpOne({ ...input, dimension: 1, rows }, 'cow'))?.value).toBe(2);
    const file = await openModel({ ...input, version: 12, dimension: 1, rows });
    expect(file.count).toBe(2);
    expect(await tokensOf(file)).toEqual(['dog', 'cow']);
  });

  it('leaves out n-grams that pruning has left out', async () => {
    const settings = { minn: 3, maxn: 3, bucket: 1000 };
    const [first, second, third] = subwordBuckets('cow', settings);
    const input = { version: 12, words: ['dog'], ...settings, dimension: 1, rows: powers(3) } as const;
    expect(await lookUpOne({ ...input, pruned: [third, first] }, 'cow')).toEqual({ value: 3, fromSubwords: true });
    expect(await lookUpOne({ ...input, pruned: [second] }, 'cow')).toEqual({ value: 2, fromSubwords: true });
    expect(await lookUpOne({ ...input, pruned: [] }, 'cow')).toBeUndefined();
    expect(await lookUpOne({ ...input, pruned: [] }, 'dog')).toEqual({ value: 1, fromSubwords: false });
  });

  it('looks at no more words than asked for; of words that stand twice the first counts', async () => {
    const words = ['dog', 'cow', 'dog', 'sheep'];
    const file = await openModel({ version: 12, words, maxn: 0, dimension: 1, rows: powers(4) });
    const found = await file.lookUp(['sheep', 'dog', 'cow'], { limit: 3 });
    expect([...found].map(([token, { vector }]) => [token, vector[0]])).toEqual([
      ['dog', 1],
      ['cow', 2],
    ]);
    expect(await tokensOf(file, { limit: 2 })).toEqual(['dog', 'cow']);
  });

  it('reads dictionaries with words in other encodings', async () => {
    const words = [Buffer.of(0x6b, 0xec), 'kůň', Buffer.of(0xff)];
    const file = await openModel({ maxn: 0, words, dimension: 1, rows: powers(3) });
    expect((await file.lookUp(['kůň', 'k\ufffd'])).get('kůň')?.vector[0]).toBe(2);
    expect(await tokensOf(file)).toEqual(['k\ufffd', 'kůň', '\ufffd']);
  });

  it('gives every word of any dictionary its row, across the blocks in which a file is read', async () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `${i.toString(36)}-${'x'.repeat(i % 200)}`);
    const rows = words.map((_, i) => [i]);
    const file = await openModel({ version: 12, words, maxn: 0, dimension: 1, rows });
    const wanted = [...words.keys()].filter((i) => i % 97 === 0 || i > 19_900);
    const found = await file.lookUp(wanted.map((i) => words[i]));
    expect([...found].map(([token, { vector }]) => [token, ...vector])).toEqual(wanted.map((i) => [words[i], i]));
    expect(await tokensOf(file)).toEqual(words);
  });

  it('sums rows wherever they are in the matrix', async () => {
    const word = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', 'ж') });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(word, { minLength: 1 }),
        fc.uniqueArray(word),
        fc.integer({ min: 1, max: 400 }),
        async (words, others, bucket) => {
          const settings = { minn: 1, maxn: 3, bucket };
          const rows = Array.from({ length: words.length + bucket }, (_, i) =>
            Array.from({ length: 300 }, (_, j) => i * 7 + j),
          );
          const file = await openModel({ ...settings, version: 12, words, dimension: 300, rows });
          const found = await file.lookUp([...others, ...words], { subwords: true });
          for (const token of [...words, ...others]) {
            const own = words.includes(token) ? [words.indexOf(token)] : [];
            const uses = [...own, ...subwordBuckets(token, settings).map((one) => words.length + one)];
            const mean = (7 * uses.reduce((sum, row) => sum + row, 0)) / uses.length;
            expect(found.get(token)?.fromSubwords).toBe(own.length === 0);
            expect(found.get(token)?.vector[299]).toBeCloseTo(mean + 299, 2);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('needs little of a file of gigabytes', async () => {
    const [words, bucket, dimension] = [['dog', 'cow'], 6_000_000, 300];
    const [start] = [fastTextBytes({ version: 12, words, bucket, dimension, rows: [], claimedRows: bucket + 2 })];
    const settings = { minn: 3, maxn: 6, bucket };
    const file = await open(path, 'w');
    try {
      await file.write(start, 0, start.length, 0);
      await file.truncate(start.length + (bucket + 2) * 4 * dimension);
      for (const row of [1, ...subwordBuckets('cow', settings).map((one) => 2 + one)]) {
        await file.write(
          Buffer.from(new Float32Array(dimension).fill(row).buffer),
          0,
          4 * dimension,
          start.length + row * 4 * dimension,
        );
      }
      expect((await file.stat()).size).toBeGreaterThan(7e9);
    } finally {
      await file.close();
    }
    const [memory, read] = [process.memoryUsage.rss(), await bytesRead()];
    const found = await (await openWordVectors(path)).lookUp(['cow', 'zebra', 'giraffe'], { subwords: true });
    expect(process.memoryUsage.rss() - memory).toBeLessThan(64 * MIB);
    expect((await bytesRead()) - read).toBeLessThan(8 * MIB);
    const rows = [1, ...subwordBuckets('cow', settings).map((one) => 2 + one)];
    const mean = rows.reduce((sum, row) => sum + row, 0) / rows.length;
    expect(found.get('cow')?.vector).toEqual(new Float32Array(dimension).fill(mean));
    expect(found.get('zebra')).toEqual({ vector: new Float32Array(dimension), fromSubwords: true });
    await rm(path);
  });

  it.each<[string, FastTextInput, RegExp]>([
    [
      'no matrix',
      { version: 12, words: ['dog'], dimension: 1, rows: [] },
      /input matrix of 0 x 1; expected at least 1 x 1/,
    ],
    [
      'a matrix without n-grams',
      { version: 12, words: ['dog'], bucket: 5, dimension: 1, rows: powers(3) },
      /3 x 1; expected at least 6/,
    ],
    [
      'a matrix that is cut short',
      { words: ['dog'], dimension: 1, rows: powers(2), claimedRows: 3 },
      /ends in its input matrix/,
    ],
    ['labels among words', { words: ['dog'], labels: ['a'], dimension: 1, rows: powers(2) }, /of type 1/],
  ])('refuses %s', async (name, input, message) => {
    const bytes = fastTextBytes(input);
    // Of the word and the label, the types are changed.
    if (name === 'labels among words') bytes[bytes.indexOf('dog\0') + 12] = 1;
    await writeFile(path, bytes);
    await expect(openWordVectors(path)).rejects.toThrow(message);
    await expect(openWordVectors(path)).rejects.toThrow(path);
  });

  it('refuses numbers that are none, where they are asked for', async () => {
    const file = await openModel({ words: ['dog', 'cow'], maxn: 0, dimension: 1, rows: [[Number.NaN], [2]] });
    expect((await file.lookUp(['cow'])).size).toBe(1);
    await expect(file.lookUp(['dog'])).rejects.toThrow("a vector of 'dog' with NaN in it; expected finite numbers");
  });
});

/** Bytes that this process has read from files so far, where the system counts them. */
async function bytesRead(): Promise<number> {
  if (!existsSync('/proc/self/io')) return 0;
  return Number(/^rchar: (\d+)/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}

describe.skipIf(!existsSync(shared))('published models (skipped without ../shared)', () => {
  interface Reference {
    readonly vectors: Record<string, { readonly inVocab: boolean; readonly vector: number[] }>;
  }

  it('have the vectors of independent readers', async () => {
    const references = JSON.parse(await readFile(join(shared, 'reference_vectors.json'), 'utf8')) as Record<
      string,
      Reference
    >;
    expect(Object.keys(references).length).toBeGreaterThan(5);
    for (const [name, { vectors }] of Object.entries(references)) {
      const file = await openWordVectors(join(shared, name));
      const found = await file.lookUp(Object.keys(vectors), { subwords: true });
      for (const [token, { inVocab, vector }] of Object.entries(vectors)) {
        expect(found.get(token)?.fromSubwords, `${name}: ${token}`).toBe(!inVocab);
        for (const [i, value] of vector.entries()) {
          expect(Math.abs((found.get(token)?.vector[i] ?? Number.NaN) - value), `${name}: ${token}`).toBeLessThan(1e-5);
        }
      }
    }
  });

  it.each(['lee_fasttext', 'crime-and-punishment', 'toy-model', 'pang_lee_polarity_fasttext'])(
    '%s.bin has the vectors of its .vec',
    async (name) => {
      const text = await openWordVectors(join(shared, `${name}.vec`));
      const model = await openWordVectors(join(shared, `${name}.bin`));
      // Programs of that time gave the end of a sentence n-grams too.
      const tokens = (await tokensOf(text)).filter((token) => token !== '</s>');
      const [expected, found] = [await text.lookUp(tokens), await model.lookUp(tokens)];
      expect(found.size).toBe(expected.size);
      for (const [token, { vector }] of expected) {
        // Text has five digits.
        const near = found.get(token)?.vector.every((value, i) => {
          return Math.abs(value - vector[i]) < 1e-4 * Math.max(Math.abs(value), 0.1);
        });
        expect(near, token).toBe(true);
      }
    },
  );

  it('agree on the n-grams of words in several scripts', async () => {
    const model = await openWordVectors(join(shared, 'crime-and-punishment.bin'));
    const listed = (await readFile(join(shared, 'fb-ngrams.txt'), 'utf8')).split('<start>\n').slice(1);
    expect(listed.length).toBeGreaterThan(5);
    for (const text of listed) {
      const [word, , ...lines] = text.split('\n<end>')[0].split('\n');
      const ngrams = lines.map((line) => line.trimEnd().split(' ').slice(-5).map(Number));
      const found = (await model.lookUp([word], { subwords: true })).get(word);
      const mean = [0, 1, 2, 3, 4].map((i) => ngrams.reduce((sum, row) => sum + row[i], 0) / ngrams.length);
      mean.forEach((value, i) => {
        expect(Math.abs((found?.vector[i] ?? Number.NaN) - value), word).toBeLessThan(1e-5);
      });
    }
  });
});

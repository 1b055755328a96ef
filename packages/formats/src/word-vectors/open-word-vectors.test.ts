import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { fastTextBytes, tokensOf, word2VecBytes } from './model-writer.suite.ts';
import { openWordVectors } from './open-word-vectors.ts';
import type { WordVectorFile } from './word-vector-file.ts';

const shared = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../../shared'), 'data');
const MIB = 2 ** 20;
let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'vectors');
});

async function openBytes(bytes: string | Uint8Array): Promise<WordVectorFile> {
  await writeFile(path, bytes);
  return openWordVectors(path);
}

async function lookUpAll(bytes: string | Uint8Array, tokens: readonly string[]): Promise<Record<string, number[]>> {
  const found = await (await openBytes(bytes)).lookUp(tokens);
  return Object.fromEntries(Array.from(found, ([token, { vector }]) => [token, [...vector]]));
}

describe('openWordVectors', () => {
  it('tells text with a first line and without', async () => {
    expect(await openBytes('2 3\ncat 1 2 3 \ndog -1 .5 1e-2\n')).toMatchObject({
      path,
      format: 'text',
      dimension: 3,
      count: 2,
      subwords: false,
    });
    expect(await openBytes('cat\t1 2 3\r\ndog -1 +0.5 1E-2')).toMatchObject({
      format: 'text',
      dimension: 3,
      count: undefined,
    });
    expect(await openBytes('\ufeff2 1\ncat 1\ndog 2')).toMatchObject({ format: 'text', dimension: 1, count: 2 });
    // The only line is longer than what the format is told by.
    const numbers = Array.from({ length: 60_000 }, (_, i) => i).join(' ');
    expect(await lookUpAll(`1 60000\ncat ${numbers}\n`, ['cat'])).toEqual({
      cat: Array.from({ length: 60_000 }, (_, i) => i),
    });
  });

  it('finds tokens in text: the first of several lines, blanks inside, to the limit', async () => {
    const text = 'cat 3 4\n. . . 1 2\n. 5 6\ncat 7 8\nat name@domain.com 9 10\ncats 11 12\r\n語 13 14 \t';
    const tokens = ['cat', '. . .', 'at name@domain.com', '語', 'at', 'dog', 'ca', '', ' cat'];
    expect(await lookUpAll(text, tokens)).toEqual({
      '. . .': [1, 2],
      cat: [3, 4],
      'at name@domain.com': [9, 10],
      語: [13, 14],
    });
    const file = await openBytes(text);
    expect([...(await file.lookUp(tokens, { limit: 4 })).keys()]).toEqual(['cat', '. . .']);
    expect(await tokensOf(file)).toEqual(['cat', '. . .', '.', 'cat', 'at name@domain.com', 'cats', '語']);
    expect(await tokensOf(file, { limit: 2 })).toEqual(['cat', '. . .']);
    expect(await file.lookUp(['cat'], { subwords: true })).toEqual(
      new Map([['cat', { vector: Float32Array.of(3, 4), fromSubwords: false }]]),
    );
  });

  it('reads any text as it was written, whatever is looked for', async () => {
    const token = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '.', '1', 'é', '語') });
    const vector = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 2 });
    const [end, header] = [fc.constantFrom('\n', '\r\n', ' \n'), fc.boolean()];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(token, vector), { minLength: 1 }),
        fc.array(token),
        end,
        header,
        async (rows, others, lineEnd, counted) => {
          const text = rows.map(([one, numbers]) => `${one} ${numbers.join(' ')}${lineEnd}`).join('');
          const found = await lookUpAll((counted ? `${rows.length} 2\n` : '') + text, [
            ...others,
            ...rows.slice(0, 3).map(([one]) => one),
          ]);
          const wanted = new Set([...others, ...rows.slice(0, 3).map(([one]) => one)]);
          const expected = [...rows].reverse().filter(([one]) => wanted.has(one));
          expect(found).toEqual(Object.fromEntries(expected.map(([one, numbers]) => [one, numbers.map((x) => x + 0)])));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('finds tokens in text of many blocks', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `token${i} ${i} 0.5 ${'1'.padStart(i % 50, '0')}`);
    const wanted = rows.filter((_, i) => i % 101 === 0).map((row) => row.split(' ')[0]);
    const found = await lookUpAll(`60000 3\n${rows.join('\n')}\n`, wanted);
    expect(Object.keys(found)).toEqual(wanted);
    for (const [i, one] of wanted.entries()) expect(found[one][0]).toBe(i * 101);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['nothing', '', /not a file of word vectors/],
    ['words', 'hello my world\nhow are you\n', /not a file of word vectors; expected lines 'token number number …'/],
    ['a web page', '<!DOCTYPE html><html>', /is a web page; expected word vectors; the download failed/],
    ['gzip', gzipSync('cat 1 2\n'), /compressed with gzip; expected word vectors; unpack it: gunzip/],
    ['a zip archive', Buffer.from('PK\x03\x04'), /a zip archive; expected word vectors; unpack it/],
    ['dimension 0', '5 0\ncat\n', /:1: the first line declares vectors of dimension 0/],
    ['an endless line', 'x'.repeat(3 << 20), /not a file of word vectors/],
    ['an endless second line', `1 2\n${'1 '.repeat(2 << 20)}`, /not a file of word vectors/],
    ['a wanted line that is short', '2 2\ncat 1\ndog 3 4\n', /:2 has 1 numbers; expected 2/],
    ['a wanted line that is long', 'dog 3 4\ncat 1 2 3\n', /:2 has 3 numbers; expected 2/],
    ['a wanted line with words', '2 2\ncat 1 x\ndog 1 2\n', /:2: 'x' \(number 2\); expected a finite number/],
    ['an empty line', 'dog 1 2\n\ncat 3 4\n', /:2 has 0 numbers/],
    ['fewer lines than promised', '3 2\ncat 1 2\ndog 1 2\n', /declares 3 vectors in its first line but has 2/],
    ['more lines than promised', '1 2\ncat 1 2\ndog 1 2\n', /declares 1 vectors in its first line but has 2/],
    ['a count of ten million digits', `${'9'.repeat(1e6)} 2\ncat 1 2\n`, /declares Infinity vectors/],
    [
      'a fastText model of the future',
      Buffer.from(Int32Array.of(793712314, 13, ...new Array(30).fill(1)).buffer),
      /of version 13; expected version 11 or 12/,
    ],
    [
      'the beginning of a fastText model',
      Buffer.from(Int32Array.of(793712314, 12, 5).buffer),
      /ends in its first bytes/,
    ],
    [
      'a fastText model of nonsense',
      Buffer.from(Int32Array.of(793712314, 12, ...new Array(30).fill(-5)).buffer),
      /settings that make no sense/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    const error = await lookUpAll(bytes, ['cat']).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).toContain(path);
  });

  it('refuses what is no file', async () => {
    await expect(openWordVectors(join(folder, 'absent'))).rejects.toThrow(/absent does not exist/);
    await expect(openWordVectors(folder)).rejects.toThrow(/is a folder/);
    if (existsSync('/dev/zero')) await expect(openWordVectors('/dev/zero')).rejects.toBeInstanceOf(UserError);
  });
});

describe('damaged files of word vectors', () => {
  const words = Array.from({ length: 40 }, (_, i) => `word${i}`);
  const numbers = (row: number) => [row, 0.5 * row, -row];
  const text = `40 3\n${words.map((word, i) => `${word} ${numbers(i).join(' ')}\n`).join('')}`;
  const model = {
    words,
    minn: 3,
    maxn: 6,
    bucket: 60,
    dimension: 3,
    rows: Array.from({ length: 100 }, (_, i) => numbers(i)),
  };
  const HUGE = ['99999999999999', '4294967297', '2147483648', '65536'].map((digits) => Buffer.from(digits));
  const EXTREME = [0x7fffffff, 0x80000000, 0xffffffff, 0x10000, 0].map((value) =>
    Buffer.from(Uint32Array.of(value).buffer),
  );

  it.each<[string, Buffer]>([
    ['text', Buffer.from(text)],
    ['text without a first line', Buffer.from(text.slice(5))],
    ['word2vec binary', word2VecBytes(words.map((word, i) => [word, numbers(i)]))],
    ['fastText without version', fastTextBytes(model)],
    ['fastText 11', fastTextBytes({ ...model, version: 11, labels: ['__label__a'] })],
    ['fastText 12', fastTextBytes({ ...model, version: 12, pruned: Array.from({ length: 60 }, (_, i) => 2 * i) })],
  ])('%s: end in an error or in vectors, and take no more memory than a small file may', async (_, good) => {
    const place = fc.oneof(fc.nat(120), fc.nat(good.length - 1));
    const flip = fc.record({
      at: place,
      bytes: fc.oneof(fc.nat(255), fc.constantFrom(0, 10, 32, 255)).map((byte) => Buffer.of(byte)),
    });
    const write = fc.record({ at: fc.nat(130), bytes: fc.constantFrom(...HUGE, ...EXTREME) });
    const damage = fc.record({
      changes: fc.array(fc.oneof(flip, write), { maxLength: 3 }),
      end: fc.option(fc.nat(good.length), { freq: 3 }),
      tail: fc.constantFrom(...new Array<null>(30).fill(null), 0, 32, 10, 120),
    });
    const vectors = await readAll(good);
    expect(vectors).toBeInstanceOf(Map);
    await fc.assert(
      fc.asyncProperty(damage, async ({ changes, end, tail }) => {
        let bytes = Buffer.from(good.subarray(0, end ?? good.length));
        for (const { at, bytes: written } of changes) written.copy(bytes, at);
        // An endless line, word or entry.
        if (tail !== null) bytes = Buffer.concat([bytes, Buffer.alloc(2.5 * MIB, tail)]);
        const before = process.memoryUsage().arrayBuffers;
        const result = await readAll(bytes);
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
        if (result instanceof Map)
          for (const { vector } of result.values()) expect(vector.every(Number.isFinite)).toBe(true);
        else expect(result).toBeInstanceOf(UserError);
        if (changes.length === 0 && end === null && tail === null) expect(result).toEqual(vectors);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  it('every truncation is an error, but for text that does not tell its length', async () => {
    const files = [
      Buffer.from(text),
      word2VecBytes(words.map((word, i) => [word, numbers(i)])),
      fastTextBytes(model),
      fastTextBytes({ ...model, version: 12 }),
    ];
    for (const good of files) {
      for (let end = 0; end < good.length - 1; end += 23) {
        expect(await readAll(good.subarray(0, end)), `${end} of ${good.length} bytes`).toBeInstanceOf(UserError);
      }
    }
  });

  /** All vectors and some made of n-grams, or what is thrown. */
  async function readAll(bytes: Uint8Array) {
    try {
      const file = await openBytes(bytes);
      const tokens = await tokensOf(file);
      return await file.lookUp([...words, ...tokens.slice(0, 10), 'other', 'wörter'], { subwords: true });
    } catch (error) {
      return error;
    }
  }
});

describe.skipIf(!existsSync(shared))('published files of word vectors (skipped without ../shared)', () => {
  it('have their format, size and first tokens', async () => {
    const described = async (name: string) => {
      const file = await openWordVectors(join(shared, name));
      return [file.format, file.dimension, file.count, (await tokensOf(file)).length];
    };
    expect(await described('wordvectors/cocostuff.fasttext.vec')).toEqual(['text', 300, 182, 182]);
    expect(await described('wordvec/other/test_glove.txt')).toEqual(['text', 50, undefined, 76]);
    expect(await described('wordvec/other/word2vec_pre_kv_c')).toEqual(['text', 10, 1750, 1750]);
    expect(await described('wordvec/fasttext/pang_lee_polarity_fasttext.vec')).toEqual(['text', 100, 1694, 1694]);
    expect(await described('wordvec/fasttext/crime-and-punishment.bin')).toEqual(['fasttext-binary', 5, 291, 291]);
  });

  it('have the vectors that stand in them', async () => {
    const name = join(shared, 'wordvec/fasttext/crime-and-punishment.vec');
    const lines = (await readFile(name, 'utf8')).trimEnd().split('\n').slice(1);
    const expected = lines
      .map((line) => line.trimEnd().split(' '))
      .map(([token, ...texts]) => [token, texts.map(Number).map(Math.fround)]);
    const found = await (await openWordVectors(name)).lookUp(expected.map(([token]) => String(token)));
    expect(Array.from(found, ([token, { vector }]) => [token, [...vector]])).toEqual(expected);
  });
});

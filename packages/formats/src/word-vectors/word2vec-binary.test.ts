import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { tokensOf, word2VecBytes } from './model-writer.suite.ts';
import { openWordVectors } from './open-word-vectors.ts';

const shared = join(
  process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../../shared'),
  'data/wordvec/other',
);
let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'some.bin');
});

type Entries = readonly (readonly [string, readonly number[]])[];

async function openEntries(entries: Entries, lineEnds = false) {
  await writeFile(path, word2VecBytes(entries, lineEnds));
  return openWordVectors(path);
}

const ENTRIES: Entries = [
  ['</s>', [0.001129150390625, 0]],
  ['Zürich', [1, -2]],
  ['in', [3, 4]],
  ['Zürich', [5, 6]],
  ['potted_plant', [-7, 8]],
];

describe('word2vec binary files', () => {
  it.each([false, true])('with newlines after the vectors: %s', async (lineEnds) => {
    const file = await openEntries(ENTRIES, lineEnds);
    expect(file).toMatchObject({ path, format: 'word2vec-binary', dimension: 2, count: 5, subwords: false });
    expect(await tokensOf(file)).toEqual(ENTRIES.map(([token]) => token));
    const found = await file.lookUp(['potted_plant', 'Zürich', 'zürich', '</s>'], { subwords: true });
    expect([...found].map(([token, { vector, fromSubwords }]) => [token, [...vector], fromSubwords])).toEqual([
      ['</s>', [Math.fround(0.001129150390625), 0], false],
      ['Zürich', [1, -2], false],
      ['potted_plant', [-7, 8], false],
    ]);
  });

  it('are read to the limit and no further', async () => {
    const file = await openEntries(ENTRIES);
    expect([...(await file.lookUp(['in', 'potted_plant'], { limit: 4 })).keys()]).toEqual(['in']);
    expect(await tokensOf(file, { limit: 2 })).toEqual(['</s>', 'Zürich']);
    expect((await file.lookUp(['potted_plant'], { limit: 100 })).size).toBe(1);
  });

  it('give back any tokens and numbers, whatever these look like as text', async () => {
    const token = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/[\n ]/.test(text));
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.uniqueArray(token, { minLength: 1 }),
        fc.boolean(),
        fc.gen(),
        async (dimension, tokens, lineEnds, gen) => {
          const vector = () => fc.array(float, { minLength: dimension, maxLength: dimension });
          const entries = tokens.map((one) => [one, gen(vector)] as const);
          const file = await openEntries(entries, lineEnds);
          expect(file.format).toBe('word2vec-binary');
          const found = await file.lookUp(tokens);
          for (const [one, numbers] of entries) expect(found.get(one)?.vector).toEqual(Float32Array.from(numbers));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('may be of any size', async () => {
    const entries = Array.from(
      { length: 4000 },
      (_, i) => [`token${i}`, Array.from({ length: 300 }, (_, j) => i + j)] as const,
    );
    const file = await openEntries(entries);
    const wanted = entries.filter((_, i) => i % 7 === 0);
    const found = await file.lookUp(wanted.map(([token]) => token));
    expect(found.size).toBe(wanted.length);
    for (const [token, numbers] of wanted) expect(found.get(token)?.vector).toEqual(Float32Array.from(numbers));
    expect((await tokensOf(file)).at(-1)).toBe('token3999');
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    [
      'a file that is cut short',
      (bytes) => bytes.subarray(0, -1),
      /is too short; expected the 5 vectors of dimension 2/,
    ],
    [
      'a file that goes on',
      (bytes) => Buffer.concat([bytes, Buffer.from('dog 12345678')]),
      /goes on after the vectors/,
    ],
    ['more vectors than there is room for', (bytes) => Buffer.concat([Buffer.from('9'), bytes]), /is too short/],
    [
      'a huge dimension',
      (bytes) => Buffer.concat([Buffer.from('0 999999999999\n'), bytes]),
      /dimension 999999999999; expected 1 to/,
    ],
    ['dimension 0', (bytes) => Buffer.concat([Buffer.from('5 0\n'), bytes]), /dimension 0/],
    [
      'numbers that are none',
      (bytes) => Buffer.from(bytes.fill(255, bytes.indexOf('in ') + 3, bytes.indexOf('in ') + 7)),
      /'in' with NaN in it/,
    ],
  ])('%s is an error', async (_, damage, message) => {
    await writeFile(path, damage(word2VecBytes(ENTRIES)));
    const error = await openWordVectors(path)
      .then((file) => file.lookUp(['in']))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).toContain(path);
  });

  it.skipIf(!existsSync(shared))('published ones (skipped without ../shared)', async () => {
    const [binary, text] = await Promise.all(
      ['bin', 'txt'].map((end) => openWordVectors(join(shared, `high_precision.kv.${end}`))),
    );
    const tokens = await tokensOf(text);
    expect(await tokensOf(binary)).toEqual(tokens);
    expect([text.format, binary.format]).toEqual(['text', 'word2vec-binary']);
    const [found, expected] = [await binary.lookUp(tokens), await text.lookUp(tokens)];
    for (const [token, { vector }] of expected) {
      // The binary file has the numbers in half precision.
      vector.forEach((value, i) => {
        expect(found.get(token)?.vector[i]).toBeCloseTo(value, 5);
      });
    }
    const large = await openWordVectors(join(shared, 'euclidean_vectors.bin'));
    expect(large).toMatchObject({ dimension: 10, count: 2747 });
    const all = await large.lookUp(await tokensOf(large));
    expect(all.size).toBe(2747);
  });
});

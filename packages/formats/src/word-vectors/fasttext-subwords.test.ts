import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subwordBuckets } from './fasttext-subwords.ts';
import { fnv1a } from './hash.ts';

const BUCKET = 2_000_000;
const bucketOf = (ngram: string) => fnv1a(Buffer.from(ngram), 0, Buffer.byteLength(ngram)) % BUCKET;

describe('subwordBuckets', () => {
  it('takes n-grams of the word between its marks, by where they begin and then by length', () => {
    const buckets = subwordBuckets('été', { minn: 3, maxn: 6, bucket: BUCKET });
    expect(buckets).toEqual(['<ét', '<été', '<été>', 'été', 'été>', 'té>'].map(bucketOf));
  });

  it('leaves out the marks alone, and only these', () => {
    const buckets = subwordBuckets('ab', { minn: 1, maxn: 2, bucket: BUCKET });
    expect(buckets).toEqual(['<a', 'a', 'ab', 'b', 'b>'].map(bucketOf));
    expect(subwordBuckets('ab', { minn: 0, maxn: 2, bucket: BUCKET })).toEqual(buckets);
  });

  it.each([
    ['no lengths', 'word', { minn: 0, maxn: 0, bucket: 10 }],
    ['lengths the wrong way round', 'word', { minn: 4, maxn: 3, bucket: 10 }],
    ['no buckets', 'word', { minn: 3, maxn: 6, bucket: 0 }],
    ['a word that is too short', 'a', { minn: 4, maxn: 6, bucket: 10 }],
    ['the end of a sentence', '</s>', { minn: 3, maxn: 6, bucket: 10 }],
  ])('gives none for %s', (_, word, settings) => {
    expect(subwordBuckets(word, settings)).toEqual([]);
  });

  it('counts in characters, not in bytes, and repeats what stands twice', () => {
    const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'b', 'ж', '語', '🐄') });
    fc.assert(
      fc.property(word, fc.nat(4), fc.nat(7), (text, minn, maxn) => {
        const characters = [...`<${text}>`];
        const expected = characters.flatMap((_, from) =>
          characters
            .map((_, i) => characters.slice(from, i + 1))
            .filter(({ length }) => length >= Math.max(minn, 1) && length <= maxn)
            .map((ngram) => ngram.join(''))
            .filter((ngram) => ngram !== '<' && ngram !== '>'),
        );
        expect(subwordBuckets(text, { minn, maxn, bucket: BUCKET })).toEqual(expected.map(bucketOf));
      }),
    );
  });
});

import { fnv1a } from './hash.ts';

const [BEGIN, END] = ['<', '>'].map((mark) => mark.charCodeAt(0));

/** Words that have no n-grams: the end of a sentence. */
const END_OF_SENTENCE = '</s>';

/** How a model makes n-grams. */
export interface SubwordSettings {
  /** Lengths in characters. */
  readonly minn: number;
  readonly maxn: number;
  /** Buckets that the n-grams are spread over by their hashes. */
  readonly bucket: number;
}

/**
 * Buckets of the character n-grams of a word, in order, with repetitions: of `<word>` all stretches of `minn` to `maxn`
 * UTF-8 characters but the marks alone. Bojanowski et al., Enriching Word Vectors with Subword Information, §3.2.
 */
export function subwordBuckets(word: string, { minn, maxn, bucket }: SubwordSettings): number[] {
  if (word === END_OF_SENTENCE || bucket === 0) return [];
  const bytes = Buffer.concat([Buffer.of(BEGIN), Buffer.from(word), Buffer.of(END)]);
  const characters = [...bytes.keys()].filter((i) => (bytes[i] & 0xc0) !== 0x80);
  const borders = [...characters, bytes.length];
  const last = characters.length;
  const buckets: number[] = [];
  for (let from = 0; from < last; from++) {
    for (let length = Math.max(minn, 1); length <= maxn && from + length <= last; length++) {
      const isMark = length === 1 && (from === 0 || from + 1 === last);
      if (!isMark) buckets.push(fnv1a(bytes, borders[from], borders[from + length]) % bucket);
    }
  }
  return buckets;
}

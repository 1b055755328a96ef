import { allEntries, type DatasetFacts, type EntryFacts } from '../facts.ts';
import { counted, type Finding, findingOf } from '../finding.ts';

/** Pictures that occur more than once: the same file, or one that looks the same. */
export function checkDuplicates(facts: DatasetFacts): Finding[] {
  const entries = onceEach(allEntries(facts).filter(({ image }) => image));
  const files = pairsOfFiles(entries);
  const alike = pairsAlike(facts, new Set(files.flatMap(([a, b]) => [key(a), key(b)])));
  const across = files.filter(([a, b]) => a.subset !== b.subset);
  const within = files.filter(([a, b]) => a.subset === b.subset);
  const between = 'figures on pictures seen in training are too good';
  return [
    ...findingOf(across.map(names), {
      check: 'same-file-in-both-subsets',
      severity: 'warning',
      found: `${counted(across.length, 'test image')} ${across.length === 1 ? 'is' : 'are'} byte for byte a training image with another name`,
      why: between,
      fix: 'remove them from one of the lists',
    }),
    ...findingOf(alike.map(names), {
      check: 'same-picture-in-both-subsets',
      severity: 'warning',
      found: `${counted(alike.length, 'test image')} ${alike.length === 1 ? 'looks' : 'look'} like a training image that was saved again`,
      why: between,
      fix: 'compare the pairs, and remove equal pictures from one of the lists',
    }),
    ...findingOf(within.map(names), {
      check: 'same-file-twice',
      severity: 'note',
      found: `${counted(within.length, 'image')} ${within.length === 1 ? 'is' : 'are'} byte for byte equal to another one in the same subset`,
      why: 'they count twice',
      fix: 'remove them from the list',
    }),
  ];
}

type Pair = readonly [earlier: EntryFacts, later: EntryFacts];

const key = ({ subset, id }: EntryFacts) => `${subset} ${id}`;
const names = ([a, b]: Pair) => `${b.id} (${b.subset}) and ${a.id} (${a.subset})`;

/** Repeated ids are reported by another check. */
function onceEach(entries: readonly EntryFacts[]): EntryFacts[] {
  return [...new Map([...entries].reverse().map((entry) => [entry.id, entry])).values()].reverse();
}

/** Each file with the first one of the same bytes. */
function pairsOfFiles(entries: readonly EntryFacts[]): Pair[] {
  const first = new Map<string, EntryFacts>();
  return entries.flatMap((entry): Pair[] => {
    const { bytes } = entry.image!;
    const earlier = first.get(bytes);
    if (!earlier) first.set(bytes, entry);
    return earlier ? [[earlier, entry]] : [];
  });
}

/** Bits in which the difference hashes of a picture and a re-encoded copy may differ. */
const MOST_BITS = 3;
/** Mean difference of their thumbnails, in grey levels. */
const MOST_LEVELS = 2;
/** Standard deviation of a thumbnail below which pictures are too plain to compare. */
const LEAST_DEVIATION = 6;

/**
 * Test images with a training image that looks the same: nearly equal difference hashes, found by one of four equal
 * quarters (with at most three bits changed one quarter is whole), then nearly equal thumbnails and proportions.
 */
function pairsAlike({ train, val }: DatasetFacts, told: ReadonlySet<string>): Pair[] {
  const distinct = ({ image }: EntryFacts) => image?.thumbnail && deviation(image.thumbnail) >= LEAST_DEVIATION;
  const quarters = new Map<number, [EntryFacts, readonly number[]][]>();
  const trained = new Set(train.entries.map(({ id }) => id));
  for (const entry of train.entries.filter(distinct)) {
    const hash = differenceHash(entry.image!.thumbnail!);
    hash.forEach((quarter, i) => {
      const bucket = i * 0x10000 + quarter;
      const found = quarters.get(bucket);
      if (found) found.push([entry, hash]);
      else quarters.set(bucket, [[entry, hash]]);
    });
  }
  return val.entries
    .filter((entry) => distinct(entry) && !trained.has(entry.id) && !told.has(key(entry)))
    .flatMap((entry): Pair[] => {
      const hash = differenceHash(entry.image!.thumbnail!);
      for (const [i, quarter] of hash.entries()) {
        const alike = quarters
          .get(i * 0x10000 + quarter)
          ?.find(([other, otherHash]) => distance(hash, otherHash) <= MOST_BITS && looksLike(entry, other));
        if (alike) return [[alike[0], entry]];
      }
      return [];
    });
}

/** 64 bits in four quarters: whether each cell of a thumbnail is brighter than the one to its right. */
function differenceHash(thumbnail: Uint8Array): number[] {
  const quarters = [0, 0, 0, 0];
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      if (thumbnail[9 * y + x] > thumbnail[9 * y + x + 1]) quarters[y >> 1] |= 1 << (8 * (y & 1) + x);
    }
  }
  return quarters;
}

function distance(a: readonly number[], b: readonly number[]): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++) for (let rest = a[i] ^ b[i]; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

function looksLike({ image: a }: EntryFacts, { image: b }: EntryFacts): boolean {
  const proportions = (a!.width * b!.height) / (a!.height * b!.width);
  const levels = a!.thumbnail!.reduce((sum, v, i) => sum + Math.abs(v - b!.thumbnail![i]), 0) / a!.thumbnail!.length;
  return Math.abs(proportions - 1) < 0.02 && levels <= MOST_LEVELS;
}

function deviation(values: Uint8Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}

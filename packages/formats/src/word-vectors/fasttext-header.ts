import { UserError } from '@unseen/core';
import { damagedFile } from '../file-bytes.ts';

const MAGIC = 793712314;
const NEWEST_VERSION = 12;
const OLDEST_VERSION = 11;
const SUPERVISED = 3;
/** Twelve 32-bit integers and a 64-bit float. */
const SETTINGS_BYTES = 56;

/** The beginning of a fastText model: the settings that vectors depend on, and the size of its dictionary. */
export interface FastTextHeader {
  /** `undefined`: a file of before there were versions. */
  readonly version: number | undefined;
  readonly dimension: number;
  /** Lengths of the character n-grams, in characters; none where `maxn` is 0. */
  readonly minn: number;
  readonly maxn: number;
  /** Rows of the input matrix that n-grams share. */
  readonly bucket: number;
  readonly words: number;
  readonly labels: number;
  /** N-grams that pruning has left, `undefined` where the model was not pruned. */
  readonly prunedTo: number | undefined;
  /** Where the dictionary begins in the file. */
  readonly dictionaryStart: number;
}

/**
 * Reads the beginning of a fastText model from the first bytes of a file; `undefined` for other files. Files older than
 * versions have no signature and are recognized by plausible settings.
 */
export function readFastTextHeader(bytes: Buffer, path: string): FastTextHeader | undefined {
  const signed = bytes.length >= 4 && bytes.readInt32LE(0) === MAGIC;
  const start = signed ? 8 : 0;
  const dictionary = start + SETTINGS_BYTES;
  // What became of pruning is written since there are versions.
  const dictionaryStart = dictionary + (signed ? 28 : 20);
  if (bytes.length < dictionaryStart) {
    if (signed) throw damagedFile(path, 'ends in its first bytes', 'a fastText model');
    return undefined;
  }
  const version = signed ? bytes.readInt32LE(4) : undefined;
  if (version !== undefined && (version < OLDEST_VERSION || version > NEWEST_VERSION)) {
    throw new UserError({
      given: `${path} is a fastText model of version ${version}`,
      expected: `version ${OLDEST_VERSION} or ${NEWEST_VERSION}, or the unversioned format before them`,
    });
  }
  const integer = (index: number) => bytes.readInt32LE(start + 4 * index);
  const [dimension, wordNgrams, loss, model] = [0, 5, 6, 7].map(integer);
  const [bucket, minn, maxn] = [8, 9, 10].map(integer);
  const [entries, words, labels] = [0, 4, 8].map((offset) => bytes.readInt32LE(dictionary + offset));
  const pruned = signed ? Number(bytes.readBigInt64LE(dictionary + 20)) : -1;
  const plausible =
    dimension > 0 &&
    wordNgrams > 0 &&
    loss >= 1 &&
    loss <= 4 &&
    model >= 1 &&
    model <= SUPERVISED &&
    bucket >= 0 &&
    minn >= 0 &&
    maxn >= 0 &&
    words >= 0 &&
    labels >= 0 &&
    entries === words + labels &&
    pruned >= -1;
  if (!plausible) {
    if (signed) throw damagedFile(path, 'has settings that make no sense', 'those of a fastText model');
    return undefined;
  }
  // Before version 12 supervised models had no n-grams, whatever lengths were written.
  const atoms = bucket === 0 || (model === SUPERVISED && version !== NEWEST_VERSION);
  return {
    version,
    dimension,
    minn,
    maxn: atoms ? 0 : maxn,
    bucket,
    words,
    labels,
    prunedTo: pruned < 0 ? undefined : pruned,
    dictionaryStart,
  };
}

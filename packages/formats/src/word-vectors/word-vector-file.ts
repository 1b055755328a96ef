import { UserError } from '@unseen/core';

/** A vector that {@link WordVectorFile.lookUp} found. */
export interface FoundVector {
  /** As stored in the file (fastText models: as fastText makes it of the word's and its n-grams' rows), not normalised. */
  readonly vector: Float32Array;
  /** Computed from character n-grams: the word is not in the file. */
  readonly fromSubwords: boolean;
}

/** Options of {@link WordVectorFile.lookUp}. */
export interface LookUpOptions {
  /** Looks at this many words from the top of the file and no more (such files are sorted by frequency). */
  readonly limit?: number;
  /** Gives words outside the vocabulary vectors from their character n-grams, in files that have them. Default: false. */
  readonly subwords?: boolean;
}

/** An opened file of word vectors, whatever its format. Nothing is held open between calls. */
export interface WordVectorFile {
  readonly path: string;
  readonly format: 'text' | 'word2vec-binary' | 'fasttext-binary';
  readonly dimension: number;
  /** Words in the file, where its header tells. */
  readonly count: number | undefined;
  /** Whether words outside the vocabulary get vectors from their n-grams. */
  readonly subwords: boolean;
  /**
   * The vectors of all `tokens` in one pass over the file. Absent tokens are absent from the map; where the file has
   * several vectors of a token the first counts.
   */
  lookUp(tokens: Iterable<string>, options?: LookUpOptions): Promise<ReadonlyMap<string, FoundVector>>;
  /** Tokens in file order without their vectors, in batches of some thousands. Bytes that are not UTF-8 become U+FFFD. */
  tokens(options?: { readonly limit?: number }): AsyncIterable<readonly string[]>;
}

/** Thrown on opening a quantised fastText model (`.ftz`, or a `.bin` with such content), whose vectors only fastText can decode. */
export class QuantizedModelError extends UserError {
  constructor(path: string) {
    super({
      given: `${path} is a quantised fastText model`,
      expected: 'a model with full vectors',
      remedy: 'use the .bin that it was made from, or print the vectors with fasttext.js',
    });
  }
}

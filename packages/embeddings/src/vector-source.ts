import type { WordVectorFile } from '@unseen/formats';
import type { ComposedVector } from './multi-word.ts';

/** What {@link VectorSource}s have in common, however their vectors are found. */
interface SourceSettings {
  /** Names the source in provenance, in errors and in the tokens of classes. */
  readonly name: string;
  /**
   * How classes are found. `tokens` (default): their names are looked up by the rule of {@link composeVector}. `names`: the file is
   * a table whose rows have names, which must be those of the classes ('_' and ' ' are the same). `ids`: the file is a table whose
   * row i (from 0) belongs to class id i, or whose rows say their id; where rows have names, they must be those of the classes.
   */
  readonly rows?: 'tokens' | 'names' | 'ids';
  /** Of `rows: tokens`: whether names of several words are looked up by their spellings first, or are always sums of their words. */
  readonly multiWord?: 'spellings' | 'sum';
  /** Of `rows: tokens`: lets words that a fastText model does not know be made of their character n-grams. Default: false. */
  readonly subwords?: boolean;
}

/**
 * Vectors to take class vectors from: a file, or vectors at hand. Files of word vectors are told by their content (text, word2vec
 * binary, fastText binary, quantised fastText), tables (`.csv`, `.npy`, `.npz`, `.pkl`, weights) by their names.
 */
export type VectorSource = SourceSettings &
  (
    | {
        readonly path: string;
        /** What the provenance calls the file; the path where it is left out. */
        readonly label?: string;
        /** Take only this many vectors from the top of the file. */
        readonly limit?: number;
        /** Of tables without names: a file with one name a line, or a JSON list, in the order of the rows. */
        readonly names?: string;
        /** Of files with several arrays: which one. */
        readonly array?: string;
      }
    | { readonly vectors: ReadonlyMap<string, Float32Array>; readonly origin: string }
  );

/** A source that is a file. */
export type FileSource = Extract<VectorSource, { readonly path: string }>;

/** A class that wants a vector. */
export interface TableClass {
  /** Value in the mask files, or the row that the dataset has in tables of word vectors. */
  readonly id: number;
  readonly name: string;
  /** What to look up instead of the name, by source; a list is the sum of exactly these tokens. */
  readonly tokens?: Readonly<Record<string, string | readonly string[]>>;
}

/** What one source has for the classes of a table. */
export interface SourceColumn {
  /** Parallel to the classes; `undefined` where the source has nothing. */
  readonly rows: readonly (ComposedVector | undefined)[];
  /** What the source lacks, one line each, with near matches. */
  readonly missing: readonly string[];
}

/** The part of a {@link WordVectorFile} that looking classes up takes. */
export type TokenFile = Pick<WordVectorFile, 'subwords' | 'lookUp' | 'tokens'>;

/** What a source calls itself in provenance and errors. */
export function originOf(source: VectorSource): string {
  return 'vectors' in source ? source.origin : (source.label ?? source.path);
}

import type { WordVectorFile } from '@unseen/formats';
import type { ComposedVector } from './multi-word.ts';

/** Settings of every {@link VectorSource}. */
interface SourceSettings {
  /** Name of the source in provenance, errors and the tokens of classes. */
  readonly name: string;
  /**
   * How classes are found. `tokens` (default): their names are looked up by the rules of {@link composeVector}.
   * `names`: the file is a table whose rows have the names of the classes ('_' and ' ' are equivalent). `ids`: the file
   * is a table whose row i (from 0) belongs to class id i, or whose rows are labelled with ids; row names, if any, must
   * be those of the classes.
   */
  readonly rows?: 'tokens' | 'names' | 'ids';
  /**
   * With `rows: tokens`: whether multi-word names are looked up by their spellings first, or are always sums of their
   * words.
   */
  readonly multiWord?: 'spellings' | 'sum';
  /**
   * With `rows: tokens`: compose words that a fastText model does not know of their character n-grams. Default: false.
   */
  readonly subwords?: boolean;
}

/**
 * A source of class vectors: a file, or vectors in memory. Files of word vectors are recognised by their content (text,
 * word2vec binary, fastText binary, quantised fastText), tables (`.csv`, `.npy`, `.npz`, `.pkl`, weights) by their
 * names.
 */
export type VectorSource = SourceSettings &
  (
    | {
        readonly path: string;
        /** Name of the file in the provenance. Default: its path. */
        readonly label?: string;
        /** Use only this many vectors from the top of the file. */
        readonly limit?: number;
        /** For tables without row names: a file with one name per line, or a JSON list, in row order. */
        readonly names?: string;
        /** For files with several arrays: the name of one. */
        readonly array?: string;
      }
    | { readonly vectors: ReadonlyMap<string, Float32Array>; readonly origin: string }
  );

/** A file as a source. */
export type FileSource = Extract<VectorSource, { readonly path: string }>;

/** A class that needs a vector. */
export interface TableClass {
  /** Value in the mask files, or the row of the class in tables of word vectors. */
  readonly id: number;
  readonly name: string;
  /** Tokens to look up instead of the name, by source; a list is the sum of exactly these tokens. */
  readonly tokens?: Readonly<Record<string, string | readonly string[]>>;
}

/** What to look up for a class in the source of that name instead of the class's name, if anything. */
export function tokensOf({ tokens = {} }: TableClass, source: string): string | readonly string[] | undefined {
  return Object.hasOwn(tokens, source) ? tokens[source] : undefined;
}

/** The vectors of one source for the classes of a table. */
export interface SourceColumn {
  /** Parallel to the classes; `undefined` if the source has none. */
  readonly rows: readonly (ComposedVector | undefined)[];
  /** Missing entries, one line each, with close matches. */
  readonly missing: readonly string[];
}

/** The part of a {@link WordVectorFile} that is needed to look classes up. */
export type TokenFile = Pick<WordVectorFile, 'subwords' | 'lookUp' | 'tokens'>;

/** Name of a source's origin in provenance and errors. */
export function originOf(source: VectorSource): string {
  return 'vectors' in source ? source.origin : (source.label ?? source.path);
}

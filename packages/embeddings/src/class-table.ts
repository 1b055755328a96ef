import { didYouMean, UserError } from '@unseen/core';

/**
 * How a class was found in a source: as a token by one of the rules of {@link composeVector}, with `subwords` if
 * character n-grams replaced a word; by the `name` of a table row; or by the `row` of its id.
 */
export const TOKEN_RULES = ['exact', 'hyphenated', 'joined', 'unhyphenated', 'sum', 'subwords', 'name', 'row'] as const;

/** One of {@link TOKEN_RULES}. */
export type TokenRule = (typeof TOKEN_RULES)[number];

/** Provenance of a part of a class vector. */
export interface RowProvenance {
  /** Name of the source in the recipe. */
  readonly source: string;
  /** The file as named in the recipe, or a description of the source. */
  readonly file: string;
  /** Of the file's bytes, or of tokens and vectors in memory. */
  readonly sha256: string;
  /** The tokens whose vectors were used, or the label of the row. */
  readonly tokens: readonly string[];
  readonly rule: TokenRule;
  /** Number of values from this source; absent in tables of earlier versions. */
  readonly dimension?: number;
  /** Only this many vectors from the top of the file were searched. */
  readonly limit?: number;
}

/** One vector per class. */
export interface ClassTable {
  readonly name: string;
  readonly names: readonly string[];
  /** Raw class ids, parallel to `names`. */
  readonly ids: readonly number[];
  readonly dimension: number;
  /** Parallel to `names`, each with `dimension` values. */
  readonly vectors: readonly Float32Array[];
  /** Parallel to `names`; one entry per source, in the order in which they are concatenated. */
  readonly provenance: readonly (readonly RowProvenance[])[];
}

/** The vectors of given classes as one matrix [ids, dimension]. An id without a vector is a {@link UserError}. */
export function selectRows(table: ClassTable, ids: readonly number[]): Float32Array {
  const row = new Map(table.ids.map((id, i) => [id, i]));
  const matrix = new Float32Array(ids.length * table.dimension);
  ids.forEach((id, i) => {
    const at = row.get(id);
    if (at === undefined) {
      throw new UserError({
        given: `the class table '${table.name}' has no class ${id}`,
        expected: `one of its ${table.ids.length} ids, ${Math.min(...table.ids)} to ${Math.max(...table.ids)}`,
      });
    }
    matrix.set(table.vectors[at], i * table.dimension);
  });
  return matrix;
}

/** The vector of a class by name. An unknown name is a {@link UserError} with the closest match. */
export function vectorOf(table: ClassTable, name: string): Float32Array {
  const at = table.names.indexOf(name);
  if (at >= 0) return table.vectors[at];
  throw new UserError({
    given: `the class table '${table.name}' has no class '${name}'`,
    ...didYouMean(name, table.names),
  });
}

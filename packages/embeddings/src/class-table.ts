import { didYouMean, UserError } from '@unseen/core';

/**
 * How a class was found in a source: as a token by one of the rules of {@link composeVector}, with `subwords` where character
 * n-grams stood in for a word; by the `name` of a table's row; or as the `row` of its id.
 */
export const TOKEN_RULES = ['exact', 'hyphenated', 'joined', 'unhyphenated', 'sum', 'subwords', 'name', 'row'] as const;

/** One of {@link TOKEN_RULES}. */
export type TokenRule = (typeof TOKEN_RULES)[number];

/** Where a part of a class vector comes from. */
export interface RowProvenance {
  /** Name of the source in the recipe. */
  readonly source: string;
  /** The file as the recipe names it, or what made the vectors. */
  readonly file: string;
  /** Of the file's bytes, or of tokens and vectors that came from memory. */
  readonly sha256: string;
  /** The tokens whose vectors were taken, or what the row was found by. */
  readonly tokens: readonly string[];
  readonly rule: TokenRule;
  /** Numbers that this source gives to the vector; tables of earlier versions do not tell. */
  readonly dimension?: number;
  /** Only so many vectors from the top of the file were looked at. */
  readonly limit?: number;
}

/** One vector per class. */
export interface ClassTable {
  readonly name: string;
  readonly names: readonly string[];
  /** Raw class ids, parallel to `names`. */
  readonly ids: readonly number[];
  readonly dimension: number;
  /** Parallel to `names`, each of `dimension` numbers. */
  readonly vectors: readonly Float32Array[];
  /** Parallel to `names`; one entry per source, in the order in which they are concatenated. */
  readonly provenance: readonly (readonly RowProvenance[])[];
}

/** The vectors of some classes as one matrix [ids, dimension]; an id without a vector is a {@link UserError}. */
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

/** The vector of a class by name; an unknown name is a {@link UserError} with the nearest one. */
export function vectorOf(table: ClassTable, name: string): Float32Array {
  const at = table.names.indexOf(name);
  if (at >= 0) return table.vectors[at];
  throw new UserError({
    given: `the class table '${table.name}' has no class '${name}'`,
    ...didYouMean(name, table.names),
  });
}

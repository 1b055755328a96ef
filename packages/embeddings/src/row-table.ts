import { UserError } from '@unseen/core';

/** A table of vectors of equal length, in file order. */
export interface RowTable {
  readonly rows: readonly Float32Array[];
  /** Row labels in the file, names or ids; some formats have none. */
  readonly labels?: readonly string[];
}

const MAX_ROWS = 1 << 16;
const MAX_NUMBERS = 1 << 27;

/**
 * Rejects tables that are too large to have one row per class before they are read. `length` is the number of values
 * per row.
 */
export function checkTableSize(path: string, rows: number, length = 1): void {
  if (rows > MAX_ROWS) {
    throw new UserError({
      given: `${path} has more than ${MAX_ROWS} rows, too many for a table with one row per class`,
      remedy: "use 'rows: tokens' for a file of word vectors",
    });
  }
  if (rows * length <= MAX_NUMBERS) return;
  throw new UserError({
    given: `${path} has ${rows} rows of ${length} values, too many for a table with one row per class`,
    expected: `at most ${MAX_NUMBERS} values`,
  });
}

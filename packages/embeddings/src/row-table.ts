import { UserError } from '@unseen/core';

/** A table of vectors of one length, in the order of its file. */
export interface RowTable {
  readonly rows: readonly Float32Array[];
  /** What the file calls its rows, names or ids; some kinds of files have neither. */
  readonly labels?: readonly string[];
}

const MAX_ROWS = 1 << 16;
const MAX_NUMBERS = 1 << 27;

/** Refuses tables that are too large to have one row per class, before they are read; `length`: numbers of a row. */
export function checkTableSize(path: string, rows: number, length = 1): void {
  if (rows > MAX_ROWS) {
    throw new UserError({
      given: `${path} has more than ${MAX_ROWS} rows, and is to be a table with one row per class`,
      remedy: "for a file of word vectors take 'rows: tokens'",
    });
  }
  if (rows * length <= MAX_NUMBERS) return;
  throw new UserError({
    given: `${path} has ${rows} rows of ${length} numbers, and is to be a table with one row per class`,
    expected: `at most ${MAX_NUMBERS} numbers`,
  });
}

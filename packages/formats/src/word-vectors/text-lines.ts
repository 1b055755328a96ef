import { UserError } from '@unseen/core';
import { Cursor, readItems } from './cursor.ts';

const [NEWLINE, RETURN] = [10, 13];
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The lines of a file, without their ends (`\n` or `\r\n`) and without a byte-order mark; `count` is the line's number. */
export class LineCursor extends Cursor {
  protected override advance(at: number): number {
    const { bytes } = this;
    let stop = bytes.indexOf(NEWLINE, at);
    if (stop < 0) {
      if (!this.final) return -1;
      stop = bytes.length;
    }
    const marked = this.count === 0 && BYTE_ORDER_MARK.equals(bytes.subarray(at, at + BYTE_ORDER_MARK.length));
    this.start = marked ? at + BYTE_ORDER_MARK.length : at;
    this.end = stop > this.start && bytes[stop - 1] === RETURN ? stop - 1 : stop;
    return stop + 1;
  }
}

/** Reads the lines of a file. One of more than a mebibyte is a {@link UserError}. */
export function readLines(path: string): AsyncGenerator<LineCursor, void> {
  return readItems(path, 0, new LineCursor(), () => notWordVectors(path));
}

/** The error for a file that is not of lines with a token and numbers. */
export function notWordVectors(path: string): UserError {
  return new UserError({
    given: `${path} is not a file of word vectors`,
    expected: "lines 'token number number …', or word2vec's or fastText's .bin",
  });
}

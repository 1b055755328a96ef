import { type Block, readBlocks } from './blocks.ts';

/**
 * Walks through the items (lines, entries) of the blocks of a file, one at a time and without making an object for each.
 * An item that a block cuts comes with the next block.
 */
export abstract class Cursor {
  /** Where the current item is; the bytes hold until the next block is asked for. */
  bytes: Buffer = Buffer.alloc(0);
  /** What counts of the current item (a line without its end, the token of an entry) is `bytes[start…end)`. */
  start = 0;
  end = 0;
  /** Items so far, with the current one. */
  count = 0;
  readonly #limit: number;
  #block: Block | undefined;
  #at = 0;

  /** Stops after `limit` items. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** The limit was reached. */
  get done(): boolean {
    return this.count >= this.#limit;
  }

  /** The file ends with this block. */
  get final(): boolean {
    return this.#block?.final ?? false;
  }

  /** Where the bytes after the current item begin in the file. */
  get position(): number {
    return this.#block ? this.#block.position + this.#at - this.#block.start : 0;
  }

  /** Goes to the next item of the block; false where there is none, or the limit is reached. */
  next(): boolean {
    if (this.done || this.#at >= this.bytes.length) return false;
    const after = this.advance(this.#at);
    if (after < 0) {
      if (this.#block) this.#block.rest = this.#at;
      return false;
    }
    this.#at = after;
    this.count++;
    return true;
  }

  /** Sets `start` and `end` of the item at `at`; returns where the one after it begins, or -1 where the block cuts the item. */
  protected abstract advance(at: number): number;

  /** Goes to another block. */
  enter(block: Block): void {
    this.#block = block;
    this.bytes = block.bytes.subarray(0, block.end);
    this.#at = block.start;
  }
}

/**
 * Lets a cursor walk through a file from byte `from`: hands it out once for each block, until the file ends or the cursor
 * is done. An item of more than a mebibyte is the error that `tooLong` makes.
 */
export async function* readItems<C extends Cursor>(
  path: string,
  from: number,
  cursor: C,
  tooLong: () => Error,
): AsyncGenerator<C, void> {
  for await (const block of readBlocks(path, from, tooLong)) {
    cursor.enter(block);
    yield cursor;
    if (cursor.done) return;
  }
}

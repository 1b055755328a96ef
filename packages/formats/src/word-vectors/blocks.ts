import type { FileHandle } from 'node:fs/promises';
import { explainFileError, openFile } from '@unseen/core';

const PIECE_BYTES = 1 << 20;

/** The most that {@link readBlocks} carries over from a block to the next: no line, word or entry may be longer. */
export const MAX_CARRY_BYTES = 1 << 20;

/** A stretch of a file. Its bytes hold until the next block is asked for; then the memory is used again. */
export interface Block {
  readonly bytes: Buffer;
  /** The stretch is `bytes[start…end)`. */
  readonly start: number;
  readonly end: number;
  /** Where byte `start` stands in the file. */
  readonly position: number;
  /** The file ends with this block. */
  readonly final: boolean;
  /** Set by the reader: from here on the bytes are handed out again, at the beginning of the next block. Default: `end`. */
  rest: number;
}

/**
 * Reads a file from byte `from` in two buffers by turns: while one is looked at, the other is being filled. What a reader
 * leaves of a block is put before the next one, so that nothing need straddle a border; more than
 * {@link MAX_CARRY_BYTES} of it is the error that `tooLong` makes.
 */
export async function* readBlocks(path: string, from: number, tooLong: () => Error): AsyncGenerator<Block, void> {
  let file: FileHandle | undefined;
  let filling: Promise<number> | undefined;
  try {
    file = await openFile(path);
    const stats = await file.stat();
    // One byte more than there are, so that a small file ends with its first block.
    const most = Math.max(stats.size - from, 0) + 1;
    const [piece, carry] = [Math.min(PIECE_BYTES, most), Math.min(MAX_CARRY_BYTES, most)];
    let [bytes, other] = [Buffer.allocUnsafeSlow(carry + piece), Buffer.allocUnsafeSlow(carry + piece)];
    filling = fill(file, bytes.subarray(carry), from);
    let [position, carried] = [from, 0];
    for (;;) {
      const length = await filling;
      const final = length < piece;
      const end = carry + length;
      if (!final) filling = fill(file, other.subarray(carry), position + length);
      const block: Block = { bytes, start: carry - carried, end, position: position - carried, final, rest: end };
      yield block;
      if (final) return;
      position += length;
      carried = end - block.rest;
      if (carried > carry) throw tooLong();
      bytes.copy(other, carry - carried, block.rest, end);
      [bytes, other] = [other, bytes];
    }
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    await filling?.catch(() => 0);
    await file?.close();
  }
}

/** Fills a buffer; fewer bytes than that are the end of the file. */
async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

import type { FileHandle } from 'node:fs/promises';
import { sha256 } from '@unseen/core';

const MAGIC = Buffer.from('ARROW1');
const MARK = Buffer.from('UNSEEN\0\0');
const SEAL_BYTES = MARK.length + 32;
// Length of the footer and the closing magic.
const TAIL_BYTES = 4 + MAGIC.length;

/**
 * Puts a checksum in front of the footer of an Arrow file, where readers do not look. `end` is the end of the file, the
 * whole footer included.
 */
export function sealFooter(end: Buffer): Buffer {
  const at = end.length - TAIL_BYTES - end.readInt32LE(end.length - TAIL_BYTES);
  const footer = end.subarray(at);
  return Buffer.concat([end.subarray(0, at), MARK, Buffer.from(sha256(footer), 'hex'), footer]);
}

/** Throws unless the file ends in a footer that is just as {@link sealFooter} found it. */
export async function checkSeal(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const tail = await readAt(file, size - TAIL_BYTES, TAIL_BYTES);
  if (!tail.subarray(4).equals(MAGIC)) throw new Error('it does not end as an Arrow file');
  const length = tail.readInt32LE() + TAIL_BYTES;
  const end = length > TAIL_BYTES ? await readAt(file, size - length - SEAL_BYTES, length + SEAL_BYTES) : tail;
  if (!end.subarray(0, MARK.length).equals(MARK)) throw new Error('it has no checksum');
  const digest = end.toString('hex', MARK.length, SEAL_BYTES);
  if (sha256(end.subarray(SEAL_BYTES)) !== digest) throw new Error('the checksum of its footer is wrong');
}

async function readAt(file: FileHandle, start: number, length: number): Promise<Buffer> {
  if (start < 0) throw new Error('it is too short');
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, start);
  if (bytesRead < length) throw new Error('it ends early');
  return bytes;
}

import type { FileHandle } from 'node:fs/promises';
import { explainFileError, openFile, UserError } from '@unseen/core';
import { JsonScanner, JsonTextError, type JsonVisitor } from './scanner.ts';

/** Bytes that are read at a time. */
const PIECE_BYTES = 4 << 20;
/** No member and no element of a list may be longer: Node has no longer strings. */
const MOST_BYTES = 2 ** 29;

/**
 * Reads a file that holds a JSON object, of any size: hands on its members, and the elements of those that are lists one by one.
 * What is not a JSON object, ends too early or has a name twice is a {@link UserError}; values that the visitor does not keep
 * take no memory.
 */
export async function readJsonObject(
  path: string,
  visitor: JsonVisitor,
  { pieceBytes = PIECE_BYTES }: { readonly pieceBytes?: number } = {},
): Promise<void> {
  const scanner = new JsonScanner(visitor);
  let file: FileHandle | undefined;
  try {
    file = await openFile(path);
    const stats = await file.stat();
    let bytes = Buffer.allocUnsafeSlow(2 * Math.min(pieceBytes, Math.max(stats.size, 8)));
    let [length, position] = [0, 0];
    for (;;) {
      if (length >= MOST_BYTES) {
        throw new UserError({
          given: `${path} has a value of more than 512 MiB at byte ${position}`,
          expected: 'lists of smaller values, as of images and annotations',
        });
      }
      if (length === bytes.length) bytes = Buffer.concat([bytes], 2 * length);
      const most = Math.min(pieceBytes, bytes.length - length);
      const { bytesRead } = await file.read(bytes, length, most, position + length);
      if (bytesRead === 0) break;
      const from = position + length === 0 ? markLength(bytes, bytesRead, path) : 0;
      length += bytesRead;
      const finished = from + scanner.scan(bytes.subarray(from, length), position + from);
      bytes.copyWithin(0, finished, length);
      [length, position] = [length - finished, position + finished];
    }
    scanner.finish();
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw explainFileError(error, path);
    throw new UserError(
      {
        given: `${path} is not a valid JSON object (${error.message})`,
        remedy: 'it may be cut short; get it again, or correct it',
      },
      { cause: error },
    );
  } finally {
    await file?.close();
  }
}

/** Bytes of the mark that some programs put before UTF-8 text; that of UTF-16 is a {@link UserError}. */
function markLength(bytes: Buffer, length: number, path: string): number {
  const mark = length >= 2 ? bytes.readUInt16BE(0) : 0;
  if (mark === 0xfffe || mark === 0xfeff) {
    throw new UserError({ given: `${path} is UTF-16`, expected: 'UTF-8', remedy: 'save it as UTF-8' });
  }
  return length >= 3 && mark === 0xefbb && bytes[2] === 0xbf ? 3 : 0;
}

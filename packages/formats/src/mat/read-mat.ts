import { UserError } from '@unseen/core';
import { readFileBytes, withFile } from '../file-bytes.ts';
import { damaged } from './elements.ts';
import type { MatValue } from './values.ts';
import { decodeVersion5, isVersion5 } from './version5.ts';
import { readVersion73 } from './version73.ts';

const HDF5_SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
// HDF5 begins after a block of this size in MATLAB's files; other writers leave the block out.
const USER_BLOCK = 512;
const MAX_FILE_BYTES = 2 ** 31;

/**
 * Variables of a MATLAB file of version 5 (compressed or not, either order of bytes) or 7.3, by name. Nothing in it is
 * executed. Objects, functions, sparse and complex arrays, and in 7.3 cells and arrays of structs, are named as
 * unsupported; version 4 and damaged files are {@link UserError}s. With `names`, all other variables stay undecoded.
 */
export async function readMat(
  path: string,
  { names }: { readonly names?: readonly string[] } = {},
): Promise<ReadonlyMap<string, MatValue>> {
  const bytes = await withFile(path, async (file) => {
    const { size } = await file.stat();
    const head = await readFileBytes(file, path, 0, Math.min(size, USER_BLOCK + HDF5_SIGNATURE.length));
    if ([0, USER_BLOCK].some((at) => HDF5_SIGNATURE.equals(head.subarray(at, at + HDF5_SIGNATURE.length)))) {
      return undefined;
    }
    if (!isVersion5(head)) throw otherKind(head, path);
    if (size >= MAX_FILE_BYTES) throw damaged(path, `is ${size} bytes long, more than version 5 allows`);
    return readFileBytes(file, path, 0, size);
  });
  return bytes ? decodeVersion5(bytes, path, names) : readVersion73(path, names);
}

function otherKind(head: Uint8Array, path: string): UserError {
  // Version 4 begins with a number below 5000 and the dimensions of a matrix, versions 5 and up with text.
  const looksLike4 = head.length >= 20 && head.subarray(0, 4).includes(0);
  if (!looksLike4) return damaged(path, 'does not begin like a MATLAB file');
  return new UserError({
    given: `${path} looks like a MATLAB file of version 4`,
    expected: 'version 5 (compressed or not) or 7.3',
    remedy: "open it in MATLAB or Octave and save it with '-v7'",
  });
}

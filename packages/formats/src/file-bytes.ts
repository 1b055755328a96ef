import type { FileHandle } from 'node:fs/promises';
import { DamagedFile, explainFileError, openFile } from '@unseen/core';

/** Opens a file, uses it and closes it; what the file system objects is a {@link UserError}. */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined;
  try {
    file = await openFile(path);
    return await use(file);
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    await file?.close();
  }
}

/** The bytes of a file from `start` up to `end`, in a buffer of their own. A file that ends before is a {@link UserError}. */
export async function readFileBytes(
  file: FileHandle,
  path: string,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, 1 << 30), start + done);
    if (bytesRead === 0) {
      throw new DamagedFile({ given: `${path} ends before byte ${end}`, remedy: 'it is truncated; download it again' });
    }
    done += bytesRead;
  }
  return bytes;
}

/** The error for a file whose content contradicts itself or its format. */
export function damagedFile(path: string, what: string, expected: string, cause?: unknown): DamagedFile {
  const remedy = 'it may be damaged or truncated; download it again';
  return new DamagedFile({ given: `${path} ${what}`, expected, remedy }, { cause });
}

import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { explainFileError, messageOf, openFile, prepareFolder, temporaryPath, UserError } from '@unseen/core';
import { openZip } from '@unseen/formats';
import { extract, type Headers } from 'tar-stream';

/** What is unpacked. */
export interface Extraction {
  /** A tar, tar.gz, tgz or zip. */
  readonly archive: string;
  /** Folder within the archive; paths are taken from there. */
  readonly inside: string;
  /** Paths of the files that are wanted; others stay packed. */
  readonly wanted: RegExp;
  /** Folder to unpack into. Files that are there in full stay as they are. */
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the archive that were gone through, and all of them. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

// No file of the datasets is larger; what promises more is not one of them.
const MAX_FILE_BYTES = 2 ** 31;

/** Whether a name is that of an archive. */
export const isArchive = (name: string): boolean => /\.(tar|tgz|tar\.gz|zip)$/i.test(name);

/**
 * Unpacks the wanted files of an archive; how many there are. Paths that lead out of the target folder, links, files
 * without end and damaged archives are {@link UserError}s. Each file is whole or absent.
 */
export async function extractArchive(extraction: Extraction): Promise<number> {
  return /\.zip$/i.test(extraction.archive) ? extractZip(extraction) : extractTar(extraction);
}

async function extractZip({ archive, inside, wanted, target, signal, onProgress }: Extraction): Promise<number> {
  const zip = await openZip(archive);
  let files = 0;
  let done = 0;
  try {
    const total = [...zip.entries.values()].reduce((sum, { size }) => sum + size, 0);
    for (const { name, size } of zip.entries.values()) {
      signal?.throwIfAborted();
      const path = pathWithin(name, inside, archive);
      if (path !== undefined && wanted.test(path)) {
        checkSize(size, name, archive);
        const to = join(target, path);
        if (!(await isThere(to, size))) {
          await writeWhole(to, (part) => pipeline(zip.pieces(name), createWriteStream(part)));
        }
        files++;
      }
      done += size;
      onProgress?.(done, total);
    }
  } finally {
    await zip.close();
  }
  return files;
}

async function extractTar({ archive, inside, wanted, target, signal, onProgress }: Extraction): Promise<number> {
  const { size: total } = await stat(archive);
  const source = (await openFile(archive)).createReadStream({ highWaterMark: 1 << 20 });
  const unpacked = extract();
  const packed = /gz$/i.test(archive);
  const feeding = packed ? pipeline(source, createGunzip(), unpacked) : pipeline(source, unpacked);
  // It is waited for below; until then nobody else hears of its failure.
  feeding.catch(() => undefined);
  let files = 0;
  try {
    for await (const entry of unpacked) {
      signal?.throwIfAborted();
      const path = pathWithin(entry.header.name, inside, archive);
      if (path !== undefined && wanted.test(path) && (await take(entry, join(target, path), archive))) files++;
      entry.resume();
      onProgress?.(source.bytesRead, total);
    }
    await feeding;
  } catch (error) {
    source.destroy();
    if (error instanceof UserError || signal?.aborted) throw error;
    const known = explainFileError(error, target);
    if (known instanceof UserError) throw known;
    throw new UserError(
      {
        given: `${archive} cannot be unpacked (${messageOf(error)})`,
        expected: packed ? 'a tar archive packed with gzip' : 'a tar archive',
        remedy: 'it may be damaged or truncated; download it again',
      },
      { cause: error },
    );
  }
  return files;
}

async function take(entry: Readable & { header: Headers }, to: string, archive: string): Promise<boolean> {
  const { name, type, size = 0 } = entry.header;
  if (type === 'directory') return false;
  if (type !== 'file' && type !== 'contiguous-file') {
    throw new UserError({
      given: `${archive} has a ${type} under '${name}'`,
      expected: 'plain files only',
      remedy: 'download the official archive',
    });
  }
  checkSize(size, name, archive);
  if (await isThere(to, size)) return true;
  await writeWhole(to, async (part) => {
    // The archive may have failed meanwhile, and a pipeline that begins with a broken stream never ends.
    if (entry.destroyed) throw new Error('unexpected end of data');
    await pipeline(entry, createWriteStream(part));
  });
  return true;
}

/** Path from the folder within the archive; `undefined` outside of it. */
function pathWithin(name: string, inside: string, archive: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..') || /[\\\0]|^[a-z]:/i.test(name)) {
    throw new UserError({
      given: `${archive} has a file under '${name}', which leads out of the folder`,
      expected: 'paths within the archive',
      remedy: 'download the official archive',
    });
  }
  const path = parts.join('/');
  if (inside === '') return path;
  return path.startsWith(`${inside}/`) ? path.slice(inside.length + 1) : undefined;
}

function checkSize(size: number, name: string, archive: string): void {
  if (size <= MAX_FILE_BYTES) return;
  throw new UserError({
    given: `${archive} has '${name}' of ${size} bytes`,
    expected: `at most ${MAX_FILE_BYTES}`,
    remedy: 'download the official archive',
  });
}

async function isThere(path: string, size: number): Promise<boolean> {
  return existsSync(path) && (await stat(path)).size === size;
}

/** A file that is renamed when it is whole. It is not forced to the disk: after a crash it is unpacked again. */
async function writeWhole(path: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = temporaryPath(path);
  await prepareFolder(dirname(path));
  try {
    await write(part);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw explainFileError(error, path);
  }
}

import { read } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { explainFileError, messageOf, openFile, UserError } from '@unseen/core';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { damagedFile, readFileBytes } from './file-bytes.ts';

/** A file within a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  readonly compressed: boolean;
}

/** An open zip archive: the directory is in memory, contents are read piece by piece. */
export interface ZipArchive {
  readonly path: string;
  /** Of the archive, in bytes. */
  readonly size: number;
  /** In the order of the directory. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * Bytes `start` to `end` of a content (default: all, and then the checksum is compared). Of an entry that is not
   * compressed nothing else is read. What is damaged is a {@link UserError}.
   */
  read(name: string, start?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** {@link read} of a whole content of any size, in pieces; the checksum is compared after the last one. */
  pieces(name: string): AsyncGenerator<Uint8Array, void>;
  close(): Promise<void>;
}

// Zip's usual compression cannot shrink anything further; an entry that promises more is made to exhaust memory.
const MAX_COMPRESSION = 1032;
const MAX_ENTRIES = 1_000_000;
const LOCAL_HEADER_BYTES = 30;
const PIECE = 1 << 16;

interface Listed extends ZipEntry {
  readonly entry: Entry;
  /** Where the next entry starts, or the file ends. */
  readonly limit: number;
}

/**
 * Opens a zip archive and checks its directory; the caller closes it. Damaged archives, entries that overlap or occur
 * twice, and sizes that no compression gives are {@link UserError}s.
 */
export async function openZip(path: string): Promise<ZipArchive> {
  let file: FileHandle | undefined;
  try {
    file = await openFile(path);
    const { size } = await file.stat();
    const archive = await fromRandomAccessReaderPromise(new FileReader(file, path, size), size, {
      lazyEntries: true,
      autoClose: false,
    });
    return new OpenZip(file, path, size, archive, await listEntries(archive, path, size));
  } catch (error) {
    await file?.close();
    throw error instanceof UserError ? error : explained(error, path);
  }
}

/** Places of 64 bits come out of the archive: what Node refuses to read is an error of the archive here. */
class FileReader extends RandomAccessReader {
  private readonly file: FileHandle;
  private readonly path: string;
  private readonly size: number;

  constructor(file: FileHandle, path: string, size: number) {
    super();
    this.file = file;
    this.path = path;
    this.size = size;
  }

  // A stream of Node would close the file with itself.
  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.pieces(start, end), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (!(position >= 0 && position + length <= this.size)) {
      callback(new Error(`it refers to byte ${position} of ${this.size}`));
      return;
    }
    read(this.file.fd, buffer, offset, length, position, callback);
  }

  private async *pieces(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; at += PIECE) {
      yield await readFileBytes(this.file, this.path, at, Math.min(at + PIECE, end));
    }
  }
}

class OpenZip implements ZipArchive {
  readonly path: string;
  readonly size: number;
  readonly entries: ReadonlyMap<string, Listed>;
  private readonly file: FileHandle;
  private readonly archive: ZipFile;

  constructor(file: FileHandle, path: string, size: number, archive: ZipFile, entries: ReadonlyMap<string, Listed>) {
    this.size = size;
    this.file = file;
    this.path = path;
    this.archive = archive;
    this.entries = entries;
  }

  async read(name: string, start = 0, end?: number): Promise<Uint8Array<ArrayBuffer>> {
    const listed = this.listed(name);
    const to = end ?? listed.size;
    if (start < 0 || to < start || to > listed.size) {
      throw damaged(this.path, `has no bytes ${start} to ${to} in '${name}', which has ${listed.size}`);
    }
    try {
      const from = await this.contentStart(listed);
      const bytes = listed.compressed
        ? await this.inflate(listed, start, to)
        : await readFileBytes(this.file, this.path, from + start, from + to);
      // Writers that save the time leave the checksum 0.
      const { crc32: checksum } = listed.entry;
      if (bytes.length === listed.size && checksum !== 0 && crc32(bytes) !== checksum) {
        throw damaged(this.path, `has a wrong checksum for '${name}'`);
      }
      return bytes;
    } catch (error) {
      throw error instanceof UserError ? error : explained(error, this.path);
    }
  }

  async *pieces(name: string): AsyncGenerator<Uint8Array, void> {
    const listed = this.listed(name);
    const { crc32: expected } = listed.entry;
    let found = 0;
    try {
      await this.contentStart(listed);
      // Another number of bytes than the directory says is an error of the stream.
      for await (const piece of (await this.archive.openReadStreamPromise(listed.entry)) as AsyncIterable<Buffer>) {
        found = crc32(piece, found);
        yield piece;
      }
    } catch (error) {
      throw error instanceof UserError ? error : explained(error, this.path);
    }
    if (expected !== 0 && found !== expected) throw damaged(this.path, `has a wrong checksum for '${name}'`);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private listed(name: string): Listed {
    const listed = this.entries.get(name);
    if (listed) return listed;
    throw damaged(this.path, `has no entry '${name}'`);
  }

  /** The directory does not tell how long an entry's own header is. */
  private async contentStart({ name, entry, limit }: Listed): Promise<number> {
    const { fileDataStart } = await this.archive.readLocalFileHeaderPromise(entry, { minimal: true });
    if (fileDataStart + entry.compressedSize > limit)
      throw damaged(this.path, `has '${name}' overlapping another entry`);
    return fileDataStart;
  }

  private async inflate({ entry }: Listed, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    const stream = await this.archive.openReadStreamPromise(entry);
    let position = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const wanted = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
      bytes.set(wanted, Math.max(0, position - start));
      position += chunk.length;
      if (position >= end && end < entry.uncompressedSize) break;
    }
    return bytes;
  }
}

async function listEntries(archive: ZipFile, path: string, fileSize: number): Promise<Map<string, Listed>> {
  if (archive.entryCount > MAX_ENTRIES) throw damaged(path, `lists ${archive.entryCount} entries`);
  const entries: Entry[] = [];
  for await (const entry of archive.eachEntry()) {
    const problem = problemOf(entry);
    if (problem) throw damaged(path, `${problem} for '${entry.fileName}'`);
    entries.push(entry);
  }
  const limits = limitsOf(entries, path, fileSize);
  const listed = new Map<string, Listed>();
  for (const entry of entries) {
    const { fileName: name, uncompressedSize: size, compressionMethod } = entry;
    if (listed.has(name)) throw damaged(path, `has two entries named '${name}'`);
    listed.set(name, { name, size, compressed: compressionMethod !== 0, entry, limit: limits.get(entry)! });
  }
  return listed;
}

function problemOf(entry: Entry): string | undefined {
  const { compressedSize, uncompressedSize, compressionMethod } = entry;
  if (entry.isEncrypted()) return 'requires a password';
  if (compressionMethod !== 0 && compressionMethod !== 8) return `uses compression method ${compressionMethod}`;
  if (uncompressedSize > compressedSize * MAX_COMPRESSION) {
    return `declares ${uncompressedSize} bytes compressed to ${compressedSize}`;
  }
  return undefined;
}

function limitsOf(entries: readonly Entry[], path: string, fileSize: number): Map<Entry, number> {
  const sorted = entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  const limits = new Map<Entry, number>();
  for (const [i, entry] of sorted.entries()) {
    const limit = sorted[i + 1]?.relativeOffsetOfLocalHeader ?? fileSize;
    const end = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + entry.fileNameLength + entry.compressedSize;
    if (end > limit) throw damaged(path, `has '${entry.fileName}' overlapping another entry or the end`);
    limits.set(entry, limit);
  }
  return limits;
}

function explained(error: unknown, path: string): unknown {
  const known = explainFileError(error, path);
  return known instanceof UserError ? known : damaged(path, `cannot be read as zip (${messageOf(error)})`, error);
}

const damaged = (path: string, what: string, cause?: unknown) => damagedFile(path, what, 'a zip archive', cause);

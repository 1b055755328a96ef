import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainFileError, makeFolder, takeLock, UserError } from '@unseen/core';
import { z } from 'zod';
import type { ViewPlace } from './view-reader.ts';

const FORMAT = 'unseen-partial-features-1';
// How a journal and a store begin.
const JOURNAL_START = `{"format":"${FORMAT}"`;
const STORE_START = Buffer.from('ARROW1\0\0');

const journalEntry = z.tuple([z.int(), z.int(), z.int(), z.int()]);

/** What a {@link PartialFile} becomes. */
export interface PartialFileOptions {
  /** Where the store goes when it is whole. */
  readonly path: string;
  /** What is being written, as JSON: only a file of the same is continued. */
  readonly content: Readonly<Record<string, unknown>>;
  /** An error leaves a file of this many views at least, and nothing of a smaller one. */
  readonly worthKeeping: number;
}

/**
 * Writes a store to `<path>.partial`, which gets its name when `write` is through. An error leaves it, and so does a kill.
 * One process at a time: a second one gets a `UserError`, and so does one that finds files of other programs there.
 */
export async function writePartial(
  { path, content, worthKeeping }: PartialFileOptions,
  write: (partial: PartialFile) => Promise<void>,
): Promise<void> {
  const names = { store: `${path}.partial`, journal: `${path}.partial.journal` };
  await makeFolder(dirname(path));
  const unlock = takeLock(`${path}.partial.lock`, path, '--out');
  let partial: PartialFile | undefined;
  try {
    await appendingTo(names.store, async (store) => {
      const left = await readJournal(names.journal);
      await refuseForeign(names, store, left);
      await appendingTo(names.journal, async (journal) => {
        partial = await PartialFile.open({ store, journal, left, content });
        await write(partial);
        await store.sync();
      });
    });
    await rename(names.store, path);
    await rm(names.journal, { force: true });
  } catch (error) {
    if (partial && partial.count < worthKeeping) {
      for (const name of Object.values(names)) await rm(name, { force: true }).catch(() => undefined);
    }
    throw explainFileError(error, path);
  } finally {
    unlock();
  }
}

/**
 * The unfinished file of a store and its journal. The first line of the journal says what is being written. Then there is
 * one line per view, `[start, body, end, CRC-32]`, which is written after the bytes of the view: whatever is cut off both
 * files, the lines that match the bytes are views that are there.
 */
export class PartialFile {
  readonly store: FileHandle;
  /** Of the views that were there at first and that the journal knows; their checksums are not compared yet. */
  readonly places: readonly ViewPlace[];
  readonly #journal: FileHandle;
  /** Lines of the journal at first: what is being written, and one for each of `places`. */
  readonly #lines: readonly string[];
  #count: number;

  private constructor(store: FileHandle, journal: FileHandle, lines: readonly string[], places: readonly ViewPlace[]) {
    this.store = store;
    this.places = places;
    this.#journal = journal;
    this.#lines = lines;
    this.#count = places.length;
  }

  /** Takes over what is `left` in the journal if it is of the same content, and removes it otherwise. */
  static async open({
    store,
    journal,
    left,
    content,
  }: {
    readonly store: FileHandle;
    readonly journal: FileHandle;
    readonly left: string;
    readonly content: Readonly<Record<string, unknown>>;
  }): Promise<PartialFile> {
    const header = JSON.stringify({ format: FORMAT, ...content });
    // Behind the last line break there is nothing, or a line that was cut short.
    const lines = left.split('\n').slice(0, -1);
    if (lines[0] === header) {
      const places = placesOf(lines.slice(1), (await store.stat()).size);
      return new PartialFile(store, journal, lines.slice(0, 1 + places.length), places);
    }
    await journal.truncate();
    await store.truncate();
    await journal.writeFile(`${header}\n`);
    return new PartialFile(store, journal, [header], []);
  }

  /** Views in the file. */
  get count(): number {
    return this.#count;
  }

  /** Keeps the first `count` of `places`, and nothing behind them. */
  async cut(count: number): Promise<void> {
    const lines = this.#lines.slice(0, 1 + count);
    await this.#journal.truncate(lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0));
    await this.store.truncate(count === 0 ? 0 : this.places[count - 1].end);
    this.#count = count;
  }

  /** Appends a view, or the end of the store, which has no place. */
  async append(bytes: Buffer, place?: ViewPlace): Promise<void> {
    await this.store.writeFile(bytes);
    if (!place) return;
    await this.#journal.writeFile(`${JSON.stringify([place.start, place.body, place.end, place.crc])}\n`);
    this.#count++;
  }
}

async function appendingTo(path: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'a+').catch((error) => {
    throw explainFileError(error, path);
  });
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function readJournal(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw explainFileError(error, path);
  });
}

/** Files that nobody but {@link writePartial} could have left are replaced, and no others. */
async function refuseForeign(
  names: { readonly store: string; readonly journal: string },
  store: FileHandle,
  journal: string,
): Promise<void> {
  if (journal.startsWith(JOURNAL_START)) return;
  const { buffer, bytesRead } = await store.read(Buffer.alloc(STORE_START.length), 0, STORE_START.length, 0);
  const isStore = buffer.subarray(0, bytesRead).equals(STORE_START.subarray(0, bytesRead));
  if (isStore && (bytesRead > 0 || JOURNAL_START.startsWith(journal))) return;
  throw new UserError({
    given: `${bytesRead > 0 ? names.store : names.journal} was not left by an interrupted extraction`,
    expected: 'no other file of this name',
    remedy: 'rename it, or choose another folder with --out',
  });
}

/** Of the lines of a journal up to the first that cannot be right in a file of that size. */
function placesOf(lines: readonly string[], size: number): ViewPlace[] {
  const places: ViewPlace[] = [];
  let after = 0;
  for (const line of lines) {
    const entry = journalEntry.safeParse(parse(line));
    if (!entry.success) break;
    const [start, body, end, crc] = entry.data;
    if (!(after <= start && start < body && body < end && end <= size)) break;
    places.push({ after, start, body, end, crc });
    after = end;
  }
  return places;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

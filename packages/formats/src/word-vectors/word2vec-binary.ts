import { UserError } from '@unseen/core';
import { damagedFile } from '../file-bytes.ts';
import { MAX_CARRY_BYTES } from './blocks.ts';
import { Cursor, readItems } from './cursor.ts';
import { TokenTable } from './token-table.ts';
import { checkFinite, floatsAt } from './vector-values.ts';
import type { FoundVector, WordVectorFile } from './word-vector-file.ts';

const [NEWLINE, SPACE] = [10, 32];
const MAX_DIMENSION = 1 << 17;
/** A line end after the last entry. */
const MAX_LAST_BYTES = 2;

/** The first line of a word2vec binary file, and where its first entry begins. */
export interface Word2VecHeader {
  readonly count: number;
  readonly dimension: number;
  readonly start: number;
}

/**
 * A word2vec binary file of `size` bytes as a {@link WordVectorFile}: `count dimension`, then for each word its token, a
 * blank and little-endian 32-bit floats, with a newline between entries or none. It is read from its beginning to its
 * end, or to the limit.
 */
export function openWord2VecBinary(path: string, header: Word2VecHeader, size: number): WordVectorFile {
  const { count, dimension } = header;
  if (dimension === 0 || dimension > MAX_DIMENSION) {
    const expected = `1 to ${MAX_DIMENSION}`;
    throw new UserError({ given: `${path}: the first line declares vectors of dimension ${dimension}`, expected });
  }
  // Each entry has a blank after its token.
  if (count * (1 + 4 * dimension) > size - header.start) throw tooShort(path, header);
  return {
    path,
    format: 'word2vec-binary',
    dimension,
    count,
    subwords: false,
    async lookUp(tokens, { limit } = {}) {
      const wanted = new TokenTable(tokens);
      const found = new Map<string, FoundVector>();
      for await (const entries of readEntries(path, header, size, limit)) {
        while (entries.next()) {
          const token = wanted.tokens[wanted.find(entries.bytes, entries.start, entries.end)];
          if (token === undefined || found.has(token)) continue;
          const vector = floatsAt(entries.bytes, entries.end + 1, dimension);
          found.set(token, { vector: checkFinite(vector, path, token), fromSubwords: false });
        }
      }
      return found;
    },
    async *tokens({ limit } = {}) {
      for await (const entries of readEntries(path, header, size, limit)) {
        const batch: string[] = [];
        while (entries.next()) batch.push(entries.bytes.toString('utf8', entries.start, entries.end));
        if (batch.length > 0) yield batch;
      }
    },
  };
}

/** The entries of a file: `start` and `end` are those of the token; a blank and the numbers follow. */
class EntryCursor extends Cursor {
  readonly #dimension: number;

  constructor(dimension: number, limit: number) {
    super(limit);
    this.#dimension = dimension;
  }

  protected override advance(at: number): number {
    const { bytes } = this;
    let start = at;
    while (start < bytes.length && bytes[start] === NEWLINE) start++;
    let end = start;
    while (end < bytes.length && bytes[end] !== SPACE) end++;
    [this.start, this.end] = [start, end];
    const after = end + 1 + 4 * this.#dimension;
    return after <= bytes.length ? after : -1;
  }
}

/** Whether the bytes after the first line are the promised entries and no more. */
export function areWord2VecEntries(bytes: Buffer, { count, dimension }: Word2VecHeader): boolean {
  const cursor = new EntryCursor(dimension, count);
  cursor.enter({ bytes, start: 0, end: bytes.length, position: 0, final: true, rest: 0 });
  while (cursor.next());
  return cursor.done && bytes.length - cursor.position <= MAX_LAST_BYTES;
}

async function* readEntries(
  path: string,
  header: Word2VecHeader,
  size: number,
  limit = header.count,
): AsyncGenerator<EntryCursor, void> {
  const cursor = new EntryCursor(header.dimension, Math.min(limit, header.count));
  yield* readItems(path, header.start, cursor, () =>
    damagedFile(path, `has an entry of more than ${MAX_CARRY_BYTES} bytes`, 'a token, a blank and the numbers'),
  );
  if (!cursor.done) throw tooShort(path, header);
  // Where entries do not end as the file does, the first line is wrong, and so were the vectors.
  if (cursor.count === header.count && size - cursor.position > MAX_LAST_BYTES) {
    throw damagedFile(path, `goes on after the vectors that its first line promises`, `${header.count} of them`);
  }
}

function tooShort(path: string, { count, dimension }: Word2VecHeader): UserError {
  return damagedFile(
    path,
    'is too short',
    `the ${count} vectors of dimension ${dimension} that its first line promises`,
  );
}

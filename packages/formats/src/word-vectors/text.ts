import { UserError } from '@unseen/core';
import { endOfField, isNumber, parseLine, readFirstLine, startOfField } from './text-line.ts';
import { type LineCursor, notWordVectors, readLines } from './text-lines.ts';
import { TokenTable } from './token-table.ts';
import type { FoundVector, WordVectorFile } from './word-vector-file.ts';

/** One line of a word-vector text file, in file order. */
export interface WordVectorLine {
  readonly token: string;
  /** Line number in the file, from 1. */
  readonly line: number;
  /** Parses the numbers; a field that is not a finite number is an error. */
  vector(): Float32Array;
}

/** Options of {@link streamWordVectors} and {@link readWordVectors}. */
export interface WordVectorOptions {
  /** Reads this many vectors from the top of the file and no more (such files are sorted by frequency). */
  readonly limit?: number;
}

/** What {@link readWordVectors} found. */
export interface WordVectors {
  readonly dimension: number;
  /** Vectors in the file (or in the part that was read), wanted or not. */
  readonly count: number;
  /** Token → vector as stored, in file order. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** Wanted tokens with more than one line; the first line is the one kept. */
  readonly duplicates: readonly string[];
}

/**
 * Streams a word-vector text file: word2vec and fastText `.vec` (first line `count dimension`) or GloVe (no such line).
 * Blanks at the end of a line are fine. A token may contain blanks or be one, as a few of GloVe's: the last fields are the numbers. Lines with too few or too
 * many numbers and a first line that promises another count are {@link UserError}s that name file and line. Memory: one line.
 */
export async function* streamWordVectors(
  path: string,
  { limit = Number.POSITIVE_INFINITY }: WordVectorOptions = {},
): AsyncGenerator<WordVectorLine, { dimension: number; count: number }> {
  const file = new TextFile(path, limit);
  yield* linesOf(path, file);
  return file.finish();
}

/**
 * The vectors of some tokens (all where `tokens` is left out) of a word-vector text file, see {@link streamWordVectors}.
 * Tokens that the file lacks are simply absent from the result; of a token with several lines the first one counts.
 * With `tokens`, the other lines are counted and not checked, see {@link openWordVectors}.
 */
export async function readWordVectors(
  path: string,
  tokens?: Iterable<string>,
  { limit = Number.POSITIVE_INFINITY }: WordVectorOptions = {},
): Promise<WordVectors> {
  if (tokens !== undefined) return findWordVectors(path, tokens, limit);
  const vectors = new Map<string, Float32Array>();
  const duplicates = new Set<string>();
  const file = new TextFile(path, limit);
  for await (const { token, vector } of linesOf(path, file)) {
    if (vectors.has(token)) duplicates.add(token);
    else vectors.set(token, vector());
  }
  return { ...file.finish(), vectors, duplicates: [...duplicates] };
}

/** A word-vector text file as a {@link WordVectorFile}; its first line is read, the others when it is asked for vectors. */
export async function openTextVectors(path: string): Promise<WordVectorFile> {
  const head = new TextFile(path, 0);
  for await (const lines of readLines(path)) {
    if (head.nextVector(lines) || head.dimension > 0) break;
  }
  if (head.dimension === 0) throw notWordVectors(path);
  return {
    path,
    format: 'text',
    dimension: head.dimension,
    count: head.declared,
    subwords: false,
    async lookUp(tokens, { limit = Number.POSITIVE_INFINITY } = {}) {
      const { vectors } = await findWordVectors(path, tokens, limit);
      return new Map(
        Array.from(vectors, ([token, vector]): [string, FoundVector] => [token, { vector, fromSubwords: false }]),
      );
    },
    tokens: ({ limit = Number.POSITIVE_INFINITY } = {}) => streamTokens(path, limit),
  };
}

async function* linesOf(path: string, file: TextFile): AsyncGenerator<WordVectorLine, void> {
  for await (const lines of readLines(path)) {
    while (file.nextVector(lines)) {
      // A copy: the caller may look at the numbers when the block is gone.
      const bytes = Buffer.from(lines.bytes.subarray(lines.start, lines.end));
      const { token, vector } = parseLine(bytes, 0, bytes.length, file.dimension, `${path}:${lines.count}`);
      yield { token, line: lines.count, vector };
    }
    if (file.stopped) return;
  }
}

/** One pass for some tokens. A line is taken apart only where its first field begins a wanted token. */
async function findWordVectors(path: string, tokens: Iterable<string>, limit: number): Promise<WordVectors> {
  const wanted = new Set(tokens);
  const firstFields = Array.from(wanted, (token) => token.split(/[ \t]/, 1)[0]);
  const beginnings = new TokenTable(firstFields);
  const withBlank = firstFields.includes('');
  const vectors = new Map<string, Float32Array>();
  const duplicates = new Set<string>();
  const file = new TextFile(path, limit);
  for await (const lines of readLines(path)) {
    const { bytes } = lines;
    while (file.nextVector(lines)) {
      const { start, end } = lines;
      const first = endOfField(bytes, start, end);
      const isCandidate = first > start ? beginnings.find(bytes, start, first) >= 0 : withBlank || start === end;
      if (!isCandidate) continue;
      const { token, vector } = parseLine(bytes, start, end, file.dimension, `${path}:${lines.count}`);
      if (!wanted.has(token)) continue;
      if (vectors.has(token)) duplicates.add(token);
      else vectors.set(token, vector());
    }
    if (file.stopped) break;
  }
  return { ...file.finish(), vectors, duplicates: [...duplicates] };
}

async function* streamTokens(path: string, limit: number): AsyncGenerator<readonly string[], void> {
  const file = new TextFile(path, limit);
  for await (const lines of readLines(path)) {
    const batch: string[] = [];
    while (file.nextVector(lines)) batch.push(tokenOf(lines, file.dimension, path));
    if (batch.length > 0) yield batch;
    if (file.stopped) break;
  }
  file.finish();
}

function tokenOf({ bytes, start, end, count }: LineCursor, dimension: number, path: string): string {
  const stop = endOfField(bytes, start, end);
  const second = startOfField(bytes, stop, end);
  if (stop > start && isNumber(bytes, second, endOfField(bytes, second, end)))
    return bytes.toString('utf8', start, stop);
  return parseLine(bytes, start, end, dimension, `${path}:${count}`).token;
}

/** What is known of a file on the way through its lines: the dimension, and whether the count is right in the end. */
class TextFile {
  dimension = 0;
  declared: number | undefined;
  count = 0;
  /** The limit was reached. */
  stopped = false;
  readonly #path: string;
  readonly #limit: number;

  constructor(path: string, limit: number) {
    this.#path = path;
    this.#limit = limit;
  }

  /** Goes to the next line with a vector and counts it; false where the block has no more, or the limit is reached. */
  nextVector(lines: LineCursor): boolean {
    if (!lines.next()) return false;
    if (lines.count === 1) {
      this.#begin(lines);
      if (this.declared !== undefined && !lines.next()) return false;
    }
    if (this.count >= this.#limit) {
      this.stopped = true;
      return false;
    }
    this.count++;
    return true;
  }

  finish(): { dimension: number; count: number } {
    if (this.dimension === 0) throw notWordVectors(this.#path);
    if (this.declared !== undefined && this.declared !== this.count && this.count < this.#limit) {
      throw new UserError({
        given: `${this.#path} declares ${this.declared} vectors in its first line but has ${this.count}`,
        remedy:
          'it may be truncated; download it again, or correct the first line if you shortened the file on purpose',
      });
    }
    return { dimension: this.dimension, count: this.count };
  }

  #begin({ bytes, start, end }: LineCursor): void {
    const { count, dimension } = readFirstLine(bytes, start, end);
    if (count !== undefined && dimension === 0) {
      throw new UserError({ given: `${this.#path}:1: the first line declares vectors of dimension 0` });
    }
    if (dimension < 1) throw notWordVectors(this.#path);
    [this.dimension, this.declared] = [dimension, count];
  }
}

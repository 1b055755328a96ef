import { createReadStream } from 'node:fs';
import { explainFileError, UserError } from '@unseen/core';

const MAX_LINE_BYTES = 1 << 20;
const [TAB, NEWLINE, RETURN, SPACE] = [9, 10, 13, 32];
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

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
 * Blanks at the end of a line are fine and a token may contain blanks, as a few of GloVe's do. Lines with too few or too
 * many numbers and a first line that promises another count are {@link UserError}s that name file and line. Memory: one line.
 */
export async function* streamWordVectors(
  path: string,
  { limit = Number.POSITIVE_INFINITY }: WordVectorOptions = {},
): AsyncGenerator<WordVectorLine, { dimension: number; count: number }> {
  let declared: number | undefined;
  let dimension = 0;
  let count = 0;
  let line = 0;
  for await (const bytes of readLines(path)) {
    line++;
    const where = `${path}:${line}`;
    const fields = splitFields(bytes);
    if (line === 1) {
      const header = fields.length === 2 ? fields.map(([a, b]) => bytes.toString('latin1', a, b)) : undefined;
      if (header?.every((text) => /^\d+$/.test(text))) {
        [declared, dimension] = header.map(Number);
        if (dimension === 0) throw new UserError({ given: `${where}: the first line promises vectors of dimension 0` });
        continue;
      }
      dimension = fields.length - 1;
      if (dimension < 1) throw notWordVectors(path);
    }
    if (count >= limit) return { dimension, count };
    yield parseLine(bytes, fields, dimension, where, line);
    count++;
  }
  if (dimension === 0) throw notWordVectors(path);
  if (declared !== undefined && declared !== count && count < limit) {
    throw new UserError({
      given: `${path} promises ${declared} vectors in its first line and has ${count}`,
      remedy: 'it may be cut short: get it again, or correct the first line if the file was shortened on purpose',
    });
  }
  return { dimension, count };
}

/**
 * The vectors of some tokens (all where `tokens` is left out) of a word-vector text file, see {@link streamWordVectors}.
 * Tokens that the file lacks are simply absent from the result; of a token with several lines the first one counts.
 */
export async function readWordVectors(
  path: string,
  tokens?: Iterable<string>,
  options: WordVectorOptions = {},
): Promise<WordVectors> {
  const wanted = tokens === undefined ? undefined : new Set(tokens);
  const vectors = new Map<string, Float32Array>();
  const duplicates = new Set<string>();
  const lines = streamWordVectors(path, options);
  for (;;) {
    const next = await lines.next();
    if (next.done) return { ...next.value, vectors, duplicates: [...duplicates] };
    const { token } = next.value;
    if (wanted && !wanted.has(token)) continue;
    if (vectors.has(token)) duplicates.add(token);
    else vectors.set(token, next.value.vector());
  }
}

type Range = readonly [start: number, end: number];

function parseLine(bytes: Buffer, fields: Range[], dimension: number, where: string, line: number): WordVectorLine {
  const extra = fields.length - 1 - dimension;
  const field = (i: number) => bytes.toString('latin1', ...fields[i]);
  // A blank inside a token is told from a superfluous number by what follows the first blank.
  if (extra < 0 || (extra > 0 && NUMBER.test(field(1)))) {
    throw new UserError({
      given: `${where} has ${Math.max(fields.length - 1, 0)} numbers`,
      expected: `${dimension}, like the lines before it`,
      remedy: 'the file may be damaged: get it again',
    });
  }
  return {
    token: bytes.toString('utf8', fields[0][0], fields[extra][1]),
    line,
    vector() {
      return Float32Array.from({ length: dimension }, (_, i) => {
        const text = field(1 + extra + i);
        const value = NUMBER.test(text) ? Math.fround(Number(text)) : Number.NaN;
        if (Number.isFinite(value)) return value;
        throw new UserError({ given: `${where}: '${text}' (number ${i + 1})`, expected: 'a finite number' });
      });
    },
  };
}

function splitFields(bytes: Buffer): Range[] {
  const fields: Range[] = [];
  let start = -1;
  for (let i = 0; i <= bytes.length; i++) {
    const blank = i === bytes.length || bytes[i] === SPACE || bytes[i] === TAB;
    if (!blank && start < 0) start = i;
    if (blank && start >= 0) {
      fields.push([start, i]);
      start = -1;
    }
  }
  return fields;
}

/** Lines as bytes, without line end; decoding is left to the caller, who needs few of them. */
async function* readLines(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  const stripped = (line: Buffer) => (line.at(-1) === RETURN ? line.subarray(0, -1) : line);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield stripped(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > MAX_LINE_BYTES) throw notWordVectors(path);
    }
  } catch (error) {
    throw explainFileError(error, path);
  }
  if (rest.length > 0) yield stripped(rest);
}

function notWordVectors(path: string): UserError {
  return new UserError({
    given: `${path} is not a word-vector text file`,
    expected: "lines 'token number number …'",
    remedy: 'binary files (.bin) have readers of their own',
  });
}

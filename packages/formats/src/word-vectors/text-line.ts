import { UserError } from '@unseen/core';

const [TAB, SPACE] = [9, 32];
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** Where a field of a line begins and ends. */
export type Range = readonly [start: number, end: number];

/** End of the field that begins at `start`. */
export function endOfField(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && bytes[i] !== SPACE && bytes[i] !== TAB) i++;
  return i;
}

/** Beginning of the field at or after `start`; `end` where there is none. */
export function startOfField(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  return i;
}

/** The fields of a line: what blanks and tabs separate. */
export function splitFields(bytes: Uint8Array, start: number, end: number): Range[] {
  const fields: Range[] = [];
  for (let from = startOfField(bytes, start, end); from < end; ) {
    const to = endOfField(bytes, from, end);
    fields.push([from, to]);
    from = startOfField(bytes, to, end);
  }
  return fields;
}

/** Whether a field is a number as word-vector files write them. */
export function isNumber(bytes: Buffer, start: number, end: number): boolean {
  return NUMBER.test(bytes.toString('latin1', start, end));
}

/** What the first line tells: a header `count dimension`, or the first vector, whose dimension all others share; 0: neither. */
export function readFirstLine(
  bytes: Buffer,
  start: number,
  end: number,
): { count: number | undefined; dimension: number } {
  const fields = splitFields(bytes, start, end);
  const texts = fields.length === 2 ? fields.map(([a, b]) => bytes.toString('latin1', a, b)) : undefined;
  if (texts?.every((text) => /^\d+$/.test(text))) return { count: Number(texts[0]), dimension: Number(texts[1]) };
  const isVector = fields.length > 1 && isNumber(bytes, ...fields[1]);
  return { count: undefined, dimension: isVector ? fields.length - 1 : 0 };
}

/** A line `token number number …` whose fields were counted. */
export interface TextLine {
  readonly token: string;
  /** Parses the numbers; one that is not finite is a {@link UserError}. */
  vector(): Float32Array;
}

/** Takes a line apart; one with fewer or more than `dimension` numbers is a {@link UserError} that begins with `where`. */
export function parseLine(bytes: Buffer, start: number, end: number, dimension: number, where: string): TextLine {
  const fields = splitFields(bytes, start, end);
  // A token of nothing but blanks, as a few files have them: the last one separates it from the numbers.
  if (fields.length === dimension && fields[0][0] > start && isNumber(bytes, ...fields[0])) {
    fields.unshift([start, fields[0][0] - 1]);
  }
  const extra = fields.length - 1 - dimension;
  // A blank inside a token is told from a superfluous number by what follows the first blank.
  if (extra < 0 || (extra > 0 && isNumber(bytes, ...fields[1]))) {
    throw new UserError({
      given: `${where} has ${Math.max(fields.length - 1, 0)} numbers`,
      expected: `${dimension}, like the lines before it`,
      remedy: 'the file may be damaged; download it again',
    });
  }
  return {
    token: bytes.toString('utf8', fields[0][0], fields[extra][1]),
    vector() {
      return Float32Array.from({ length: dimension }, (_, i) => {
        const text = bytes.toString('latin1', ...fields[1 + extra + i]);
        const value = NUMBER.test(text) ? Math.fround(Number(text)) : Number.NaN;
        if (Number.isFinite(value)) return value;
        throw new UserError({ given: `${where}: '${text}' (number ${i + 1})`, expected: 'a finite number' });
      });
    },
  };
}

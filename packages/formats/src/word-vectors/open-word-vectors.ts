import { UserError } from '@unseen/core';
import { withFile } from '../file-bytes.ts';
import { findStranger } from '../strangers.ts';
import { openFastText } from './fasttext-binary.ts';
import { readFastTextHeader } from './fasttext-header.ts';
import { openTextVectors } from './text.ts';
import { isNumber, splitFields } from './text-line.ts';
import type { WordVectorFile } from './word-vector-file.ts';
import { areWord2VecEntries, openWord2VecBinary, type Word2VecHeader } from './word2vec-binary.ts';

const HEAD_BYTES = 1 << 16;
const SAMPLE_BYTES = 1 << 12;
const [NEWLINE, RETURN] = [10, 13];

/**
 * Opens a file of word vectors; its format is told by its content, not by its name: text (fastText's and word2vec's `.vec`,
 * GloVe), word2vec's binary format, fastText models. Of the lines of a text file that have no wanted token only the number
 * is checked (against the first line, where it tells one), not their fields; wanted lines, empty lines and whatever else
 * is damaged are {@link UserError}s that name the file and, for text, the line. Quantised fastText models are
 * {@link QuantizedModelError}s.
 */
export async function openWordVectors(path: string): Promise<WordVectorFile> {
  const { head, size } = await readHead(path);
  const model = readFastTextHeader(head, path);
  if (model) return openFastText(path, model);
  const stranger = head.toString('latin1', 0, 4) === 'PK\x03\x04' ? ZIP : findStranger(head);
  if (stranger)
    throw new UserError({ given: `${path} is ${stranger.given}`, expected: 'word vectors', remedy: stranger.remedy });
  const header = readWord2VecHeader(head);
  if (header && isWord2VecBinary(head, header, size)) return openWord2VecBinary(path, header, size);
  return openTextVectors(path);
}

const ZIP = { given: 'a zip archive', remedy: 'unpack it: unzip FILE' };

function readHead(path: string): Promise<{ head: Buffer; size: number }> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(HEAD_BYTES, size + 1)), 0, undefined, 0);
    return { head: buffer.subarray(0, bytesRead), size };
  });
}

/** The first line `count dimension` of word2vec's formats: the binary one and the text one have the same. */
function readWord2VecHeader(head: Buffer): Word2VecHeader | undefined {
  const match = /^(\d{1,15})[ \t]+(\d{1,15})[ \t]*\r?\n/.exec(head.toString('latin1', 0, 64));
  return match ? { count: Number(match[1]), dimension: Number(match[2]), start: match[0].length } : undefined;
}

/** Tells numbers from digits by what follows the first line. */
function isWord2VecBinary(head: Buffer, header: Word2VecHeader, size: number): boolean {
  if (beginsAsText(head, header, size)) return false;
  const sample = head.subarray(header.start, header.start + SAMPLE_BYTES);
  if (sample.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return true;
  // Few numbers may happen to be without such bytes, and a damaged text file is without them.
  return header.start + sample.length === size && areWord2VecEntries(sample, header);
}

function beginsAsText(head: Buffer, { start, dimension }: Word2VecHeader, size: number): boolean {
  const stop = head.indexOf(NEWLINE, start);
  const end = stop < 0 ? head.length : stop;
  const fields = splitFields(head, start, head[end - 1] === RETURN ? end - 1 : end);
  // A line that is cut off ends in a part of a number.
  if (stop < 0 && head.length < size) fields.pop();
  else if (fields.length <= dimension) return false;
  if (fields.length < 2) return false;
  const numbers = fields.slice(-Math.max(1, Math.min(dimension, fields.length - 1)));
  return numbers.every(([from, to]) => isNumber(head, from, to));
}

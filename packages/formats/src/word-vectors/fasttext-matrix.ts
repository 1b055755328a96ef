import type { FileHandle } from 'node:fs/promises';
import { damagedFile, readFileBytes } from '../file-bytes.ts';
import type { FastTextHeader } from './fasttext-header.ts';
import { checkQuantized } from './fasttext-quantized.ts';
import { floatsAt } from './vector-values.ts';
import { QuantizedModelError } from './word-vector-file.ts';

const RUN_BYTES = 1 << 20;
const GAP_BYTES = 1 << 13;

/** Where the input matrix of a model is in its file. */
export interface InputMatrix {
  /** Where the n-grams that pruning has left are listed: pairs of a bucket and a row after those of the words. */
  readonly prunedStart: number;
  readonly start: number;
  readonly rows: number;
}

/** Finds the input matrix after the dictionary and checks that the file holds it. Quantised ones are {@link QuantizedModelError}s. */
export async function findInputMatrix(
  file: FileHandle,
  path: string,
  header: FastTextHeader,
  prunedStart: number,
): Promise<InputMatrix> {
  const { size } = await file.stat();
  const flag = prunedStart + 8 * (header.prunedTo ?? 0);
  const start = flag + (header.version === undefined ? 16 : 17);
  if (start > size) throw damagedFile(path, 'ends in its dictionary', 'an input matrix after it');
  const head = Buffer.from(await readFileBytes(file, path, flag, start));
  if (header.version !== undefined && head[0] === 1) {
    await checkQuantized(file, path, header, flag + 1);
    throw new QuantizedModelError(path);
  }
  const [rows, columns] = [head.length - 16, head.length - 8].map((at) => Number(head.readBigInt64LE(at)));
  const subwords = header.prunedTo ?? (header.maxn > 0 ? header.bucket : 0);
  if (columns !== header.dimension || rows < header.words + subwords) {
    const expected = `at least ${header.words + subwords} x ${header.dimension}`;
    throw damagedFile(path, `has an input matrix of ${rows} x ${columns}`, expected);
  }
  if (4 * rows * columns > size - start) throw damagedFile(path, 'ends in its input matrix', `${rows} rows`);
  return { prunedStart, start, rows };
}

/** The rows of n-grams that pruning has left, by bucket and counted from the first after those of the words. */
export async function readPruned(
  file: FileHandle,
  path: string,
  header: FastTextHeader,
  { prunedStart }: InputMatrix,
): Promise<Map<number, number> | undefined> {
  if (header.prunedTo === undefined) return undefined;
  const bytes = Buffer.from(await readFileBytes(file, path, prunedStart, prunedStart + 8 * header.prunedTo));
  return new Map(
    Array.from({ length: header.prunedTo }, (_, i) => [bytes.readInt32LE(8 * i), bytes.readInt32LE(8 * i + 4)]),
  );
}

/**
 * Means of rows: for every list of row numbers the mean of these rows. Each row is read once, in the order of the file, and
 * nothing else but what lies between neighbours.
 */
export async function meansOfRows(
  file: FileHandle,
  path: string,
  { start, rows }: InputMatrix,
  dimension: number,
  lists: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  const sums = lists.map(() => new Float64Array(dimension));
  const uses = lists.flatMap((list, index) => list.map((row) => ({ row, index }))).sort((a, b) => a.row - b.row);
  const outside = uses.find(({ row }) => row < 0 || row >= rows);
  if (outside) throw damagedFile(path, `refers to row ${outside.row} of its input matrix`, `${rows} rows`);
  const stride = 4 * dimension;
  for (let from = 0; from < uses.length; ) {
    const first = uses[from].row;
    let to = from + 1;
    while (to < uses.length && isNear(uses[to].row, uses[to - 1].row, first, stride)) to++;
    const bytes = await readFileBytes(file, path, start + first * stride, start + (uses[to - 1].row + 1) * stride);
    for (; from < to; from++) {
      const sum = sums[uses[from].index];
      const row = floatsAt(bytes, (uses[from].row - first) * stride, dimension);
      for (let i = 0; i < dimension; i++) sum[i] += row[i];
    }
  }
  return sums.map((sum, index) => Float32Array.from(sum, (value) => value / lists[index].length));
}

/** Whether a row is read in one go with those before it. */
function isNear(row: number, before: number, first: number, stride: number): boolean {
  return (row - before) * stride <= Math.max(GAP_BYTES, stride) && (row + 1 - first) * stride <= RUN_BYTES;
}

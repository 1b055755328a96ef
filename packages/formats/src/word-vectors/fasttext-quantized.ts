import type { FileHandle } from 'node:fs/promises';
import { damagedFile, readFileBytes } from '../file-bytes.ts';
import type { FastTextHeader } from './fasttext-header.ts';

/** Centroids of a quantiser, for each of its dimensions. */
const CENTROIDS = 256;

/**
 * Checks that both matrices of a quantised model are as long as the file has them, from byte `start` on, which tells whether the
 * input matrix has norms of its own. fastText believes every length, takes memory for it, and does not see where a file ends.
 */
export async function checkQuantized(
  file: FileHandle,
  path: string,
  { dimension, words, prunedTo = 0 }: FastTextHeader,
  start: number,
): Promise<void> {
  const parts = new Parts(file, path, start, (await file.stat()).size);
  const { rows, columns } = await parts.quantized();
  if (columns !== dimension || rows < words + prunedTo) throw parts.damaged(`a matrix of ${rows} x ${columns}`);
  if ((await parts.number(1)) === 1) {
    await parts.quantized();
    return;
  }
  const [outputs, width] = [await parts.number(8), await parts.number(8)];
  parts.skip(4 * outputs * width);
}

/** What stands in a file, part by part. */
class Parts {
  private readonly file: FileHandle;
  private readonly path: string;
  private readonly size: number;
  private at: number;

  constructor(file: FileHandle, path: string, at: number, size: number) {
    this.file = file;
    this.path = path;
    this.at = at;
    this.size = size;
  }

  damaged(what: string) {
    return damagedFile(this.path, `has ${what}`, 'the matrices of a quantised fastText model');
  }

  skip(bytes: number): void {
    if (!(bytes >= 0 && this.at + bytes <= this.size)) throw this.damaged('less data than declared');
    this.at += bytes;
  }

  async number(bytes: 1 | 4 | 8): Promise<number> {
    const from = this.at;
    this.skip(bytes);
    const { buffer } = await readFileBytes(this.file, this.path, from, from + bytes);
    const view = new DataView(buffer);
    if (bytes === 8) return Number(view.getBigInt64(0, true));
    return bytes === 4 ? view.getInt32(0, true) : view.getUint8(0);
  }

  async quantized(): Promise<{ rows: number; columns: number }> {
    const hasNorms = (await this.number(1)) !== 0;
    const [rows, columns] = [await this.number(8), await this.number(8)];
    this.skip(await this.number(4));
    await this.quantizer(columns);
    if (hasNorms) {
      this.skip(rows);
      await this.quantizer(1);
    }
    return { rows, columns };
  }

  private async quantizer(dimension: number): Promise<void> {
    const own = await this.number(4);
    if (own !== dimension) throw this.damaged(`a quantiser of dimension ${own} for ${dimension}`);
    // How many parts it has, and how long they are.
    this.skip(3 * 4 + 4 * CENTROIDS * own);
  }
}

import { damagedFile } from '../file-bytes.ts';
import { Cursor, readItems } from './cursor.ts';
import type { FastTextHeader } from './fasttext-header.ts';

const WORD = 0;
const LABEL = 1;

/** The entries of a dictionary: `start` and `end` are those of the word; its count and its type follow. */
export class DictionaryCursor extends Cursor {
  protected override advance(at: number): number {
    const end = this.bytes.indexOf(0, at);
    if (end < 0 || end + 10 > this.bytes.length) return -1;
    [this.start, this.end] = [at, end];
    return end + 10;
  }

  get type(): number {
    return this.bytes[this.end + 9];
  }
}

/**
 * Walks through the first `limit` entries of a dictionary: words, in the order of their rows in the input matrix, then
 * labels.
 */
export async function* readDictionary(
  path: string,
  header: FastTextHeader,
  limit: number,
): AsyncGenerator<DictionaryCursor, void> {
  const cursor = new DictionaryCursor(limit);
  yield* readItems(path, header.dictionaryStart, cursor, () =>
    damagedFile(path, 'has an endless word', 'a fastText model'),
  );
  if (!cursor.done) throw damagedFile(path, `ends after ${cursor.count} words`, `${header.words} of them`);
}

/** Walks through a whole dictionary and returns where it ends in the file. */
export async function endOfDictionary(path: string, header: FastTextHeader): Promise<number> {
  let end = header.dictionaryStart;
  for await (const entries of readDictionary(path, header, header.words + header.labels)) {
    while (entries.next()) {
      const expected = entries.count <= header.words ? WORD : LABEL;
      if (entries.type === expected) continue;
      throw damagedFile(
        path,
        `has an entry ${entries.count} of type ${entries.type} in its dictionary`,
        `type ${expected}`,
      );
    }
    end = entries.position;
  }
  return end;
}

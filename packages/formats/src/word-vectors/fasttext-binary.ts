import { withFile } from '../file-bytes.ts';
import { endOfDictionary, readDictionary } from './fasttext-dictionary.ts';
import type { FastTextHeader } from './fasttext-header.ts';
import { findInputMatrix, type InputMatrix, meansOfRows, readPruned } from './fasttext-matrix.ts';
import { subwordBuckets } from './fasttext-subwords.ts';
import { TokenTable } from './token-table.ts';
import { checkFinite } from './vector-values.ts';
import type { FoundVector, LookUpOptions, WordVectorFile } from './word-vector-file.ts';

/**
 * A fastText model (`.bin`) as a {@link WordVectorFile}: of before there were versions, or of version 11 or 12, without
 * supervision or with (labels are no words). A vector is the mean of the word's row and those of its n-grams; outside of
 * the vocabulary of the n-grams' alone (words without any stay absent). The dictionary is streamed and of the matrix only
 * rows that are needed are read. Quantised models are {@link QuantizedModelError}s.
 */
export async function openFastText(path: string, header: FastTextHeader): Promise<WordVectorFile> {
  const prunedStart = await endOfDictionary(path, header);
  const matrix = await withFile(path, (file) => findInputMatrix(file, path, header, prunedStart));
  return {
    path,
    format: 'fasttext-binary',
    dimension: header.dimension,
    count: header.words,
    subwords: header.maxn > 0,
    lookUp: (tokens, options = {}) => lookUp(path, header, matrix, new TokenTable(tokens), options),
    async *tokens({ limit = header.words } = {}) {
      for await (const words of readDictionary(path, header, Math.min(limit, header.words))) {
        const batch: string[] = [];
        while (words.next()) batch.push(words.bytes.toString('utf8', words.start, words.end));
        if (batch.length > 0) yield batch;
      }
    },
  };
}

async function lookUp(
  path: string,
  header: FastTextHeader,
  matrix: InputMatrix,
  wanted: TokenTable,
  { limit = header.words, subwords = false }: LookUpOptions,
): Promise<ReadonlyMap<string, FoundVector>> {
  const rows = await rowsOfWords(path, header, wanted, Math.min(limit, header.words));
  return withFile(path, async (file) => {
    const pruned = await readPruned(file, path, header, matrix);
    const parts = wanted.tokens.flatMap((token) => {
      const row = rows.get(token);
      if (row === undefined && !subwords) return [];
      const buckets = subwordBuckets(token, header);
      const ngrams = pruned ? buckets.map((one) => pruned.get(one)).filter((one) => one !== undefined) : buckets;
      const list = [...(row === undefined ? [] : [row]), ...ngrams.map((one) => header.words + one)];
      return list.length > 0 ? [{ token, list, fromSubwords: row === undefined }] : [];
    });
    const lists = parts.map(({ list }) => list);
    const vectors = await meansOfRows(file, path, matrix, header.dimension, lists);
    return new Map(
      parts.map(({ token, fromSubwords }, i): [string, FoundVector] => {
        return [token, { vector: checkFinite(vectors[i], path, token), fromSubwords }];
      }),
    );
  });
}

async function rowsOfWords(
  path: string,
  header: FastTextHeader,
  wanted: TokenTable,
  limit: number,
): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  for await (const words of readDictionary(path, header, limit)) {
    while (words.next()) {
      const token = wanted.tokens[wanted.find(words.bytes, words.start, words.end)];
      if (token !== undefined && !rows.has(token)) rows.set(token, words.count - 1);
    }
    if (rows.size === wanted.tokens.length) break;
  }
  return rows;
}

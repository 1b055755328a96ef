import { existsSync } from 'node:fs';
import { editDistance, UserError } from '@unseen/core';
import { type FoundVector, openWordVectors, QuantizedModelError } from '@unseen/formats';
import { type ComposedVector, candidateTokens, composeVector, wordsOf } from './multi-word.ts';
import { openQuantizedFastText } from './quantized-fasttext.ts';
import { isTableFile } from './read-row-table.ts';
import {
  type FileSource,
  originOf,
  type SourceColumn,
  type TableClass,
  type TokenFile,
  tokensOf,
  type VectorSource,
} from './vector-source.ts';

type Name = string | readonly string[];

/** Looks the names of all classes up among the tokens of a source, in one pass over the file. */
export async function lookUpTokens(source: VectorSource, classes: readonly TableClass[]): Promise<SourceColumn> {
  const wanted = classes.map((one): Name => tokensOf(one, source.name) ?? one.name);
  const { multiWord, subwords = false } = source;
  const file = 'vectors' in source ? atHand(source.vectors) : await openFile(source);
  if (subwords && !file.subwords) {
    throw new UserError({
      given: `the source '${source.name}' has 'subwords: true', but ${originOf(source)} has no subwords`,
      expected: 'a binary fastText model (.bin, .ftz) trained with character n-grams',
    });
  }
  const limit = 'limit' in source ? source.limit : undefined;
  const tokens = wanted.flatMap((name) => candidateTokens(name, multiWord));
  const vectors = vectorsOf(await file.lookUp(tokens.flatMap(encodings), { limit }));
  for (const token of tokens) {
    const other = encodings(token).find((form) => vectors.has(form));
    if (other !== undefined && !vectors.has(token)) vectors.set(token, vectors.get(other)!);
  }
  const known = wanted.map((name) => composeVector(name, vectors, multiWord));
  const found = subwords ? await withSubwords(file, limit, wanted, known, vectors) : known;
  const lacking = wanted.filter((_, i) => !found[i]);
  if (lacking.length === 0) return { rows: found, missing: [] };
  const words = [...new Set(lacking.flatMap((name) => lackingWords(name, vectors)))];
  const near = await nearTokens(file, limit, words);
  return { rows: found, missing: lacking.map((name) => describeMissing(name, source, vectors, near)) };
}

async function openFile(source: FileSource): Promise<TokenFile> {
  const { path } = source;
  try {
    return await openWordVectors(path);
  } catch (error) {
    if (error instanceof QuantizedModelError) return openQuantizedFastText(path);
    if (!(error instanceof UserError && isTableFile(path) && existsSync(path))) throw error;
    throw new UserError(
      {
        given: `the source '${source.name}' looks for tokens in ${originOf(source)}, which is a table`,
        expected: 'a file of word vectors',
        remedy: "find the rows of a table by name ('rows: names') or by class id ('rows: ids')",
      },
      { cause: error },
    );
  }
}

function atHand(vectors: ReadonlyMap<string, Float32Array>): TokenFile {
  return {
    subwords: false,
    async lookUp(tokens) {
      const known = [...tokens].filter((token) => vectors.has(token));
      return new Map(known.map((token) => [token, { vector: vectors.get(token)!, fromSubwords: false }]));
    },
    async *tokens() {
      yield [...vectors.keys()];
    },
  };
}

/** A token as it stands and with its accents as one character or two, which look the same. */
const encodings = (token: string) => [token, token.normalize('NFC'), token.normalize('NFD')];

const vectorsOf = (found: ReadonlyMap<string, FoundVector>) =>
  new Map(Array.from(found, ([token, { vector }]) => [token, vector]));

/** Composes names that the vocabulary lacks of their words, with n-grams for unknown words. */
async function withSubwords(
  file: TokenFile,
  limit: number | undefined,
  wanted: readonly Name[],
  found: readonly (ComposedVector | undefined)[],
  vectors: ReadonlyMap<string, Float32Array>,
): Promise<(ComposedVector | undefined)[]> {
  const unknown = wanted.flatMap((name, i) => (found[i] ? [] : lackingWords(name, vectors)));
  const made = vectorsOf(await file.lookUp(unknown, { limit, subwords: true }));
  const all = new Map([...vectors, ...made]);
  return found.map((known, i) => {
    if (known) return known;
    const composed = composeVector(wordsOf(wanted[i]), all);
    return composed && { ...composed, rule: 'subwords' };
  });
}

const lackingWords = (name: Name, vectors: ReadonlyMap<string, Float32Array>) =>
  wordsOf(name).filter((word) => !vectors.has(word));

function describeMissing(
  name: Name,
  source: VectorSource,
  vectors: ReadonlyMap<string, Float32Array>,
  near: ReadonlyMap<string, string>,
): string {
  const shown = typeof name === 'string' ? name : name.join('+');
  const lacking = lackingWords(name, vectors);
  const hint = (word: string) => (near.has(word) ? `near: '${near.get(word)}'` : '');
  const details =
    lacking.length === 1 && lacking[0] === shown
      ? hint(shown)
      : lacking.map((word) => [`no '${word}'`, hint(word)].filter(Boolean).join(', ')).join('; ');
  return `'${shown}' in ${originOf(source)}${details ? ` (${details})` : ''}`;
}

/** Such files are sorted by frequency, and only frequent words are likely to be meant. */
const NEAR_AMONG = 200_000;

/** Searches the top of a file for tokens that are spelled almost like the missing ones. */
async function nearTokens(
  file: TokenFile,
  limit: number | undefined,
  words: readonly string[],
): Promise<Map<string, string>> {
  const near = new Map<string, { token: string; distance: number }>();
  try {
    await search();
  } catch (error) {
    // That classes are missing is told in any case.
    if (!(error instanceof UserError)) throw error;
  }
  return new Map([...near].map(([word, { token }]) => [word, token]));

  async function search(): Promise<void> {
    for await (const batch of file.tokens({ limit: Math.min(limit ?? NEAR_AMONG, NEAR_AMONG) })) {
      for (const token of batch) {
        for (const word of words) {
          if (Math.abs(token.length - word.length) > 2 || token[0]?.toLowerCase() !== word[0]?.toLowerCase()) continue;
          const distance = editDistance(token.toLowerCase(), word.toLowerCase());
          if (distance <= 2 && distance < (near.get(word)?.distance ?? 3)) near.set(word, { token, distance });
        }
      }
    }
  }
}

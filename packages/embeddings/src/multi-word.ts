import type { TokenRule } from './class-table.ts';

/** The vector of a class name in one source, and its tokens. */
export interface ComposedVector {
  readonly vector: Float32Array;
  readonly tokens: readonly string[];
  readonly rule: TokenRule;
}

/** How {@link composeVector} treats multi-word names. */
export type MultiWord = 'spellings' | 'sum';

/** All tokens that {@link composeVector} may look up. */
export function candidateTokens(name: string | readonly string[], multiWord: MultiWord = 'spellings'): string[] {
  return [...spellings(name, multiWord).map(([, token]) => token), ...wordsOf(name)];
}

/**
 * The vector of a class name, which may have several words: that of the name as it is, with '-' for spaces, without
 * spaces or without '-'; otherwise the L2-normalised sum of the stored (not normalised) vectors of its words. With
 * `sum`, multi-word names are always sums, as in the published class tables of SPNet and CaGNet. A list is the sum of
 * exactly its tokens. `undefined` if the source has none of these.
 */
export function composeVector(
  name: string | readonly string[],
  vectors: ReadonlyMap<string, Float32Array>,
  multiWord: MultiWord = 'spellings',
): ComposedVector | undefined {
  for (const [rule, token] of spellings(name, multiWord)) {
    const vector = vectors.get(token);
    if (vector) return { vector, tokens: [token], rule };
  }
  const tokens = wordsOf(name);
  const found = tokens.map((token) => vectors.get(token));
  if (tokens.length < 2 || !found.every((vector) => vector !== undefined)) return undefined;
  const sum = Float64Array.from(found[0], (_, i) => found.reduce((total, vector) => total + vector[i], 0));
  return { vector: Float32Array.from(normalized(sum)), tokens, rule: 'sum' };
}

/** Scales a vector to unit L2 norm; a zero vector stays zero. */
export function normalized(vector: Float32Array | Float64Array): Float64Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  return Float64Array.from(vector, (value) => value * scale);
}

/** The words of a name, separated by spaces and hyphens; a list is returned as is. */
export function wordsOf(name: string | readonly string[]): readonly string[] {
  return typeof name === 'string' ? name.split(/[- ]+/).filter((part) => part !== '') : name;
}

function spellings(name: string | readonly string[], multiWord: MultiWord): [TokenRule, string][] {
  if (typeof name !== 'string') return name.length === 1 ? [['exact', name[0]]] : [];
  if (multiWord === 'sum') return wordsOf(name).length > 1 ? [] : [['exact', name]];
  return [
    ['exact', name],
    ['hyphenated', name.replaceAll(' ', '-')],
    ['joined', name.replaceAll(' ', '')],
    ['unhyphenated', name.replaceAll('-', '')],
  ];
}

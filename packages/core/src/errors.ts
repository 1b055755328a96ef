/** Parts of a user-facing error: what was given, what was expected, what to do about it. */
export interface ErrorParts {
  readonly given: string;
  readonly expected?: string;
  readonly remedy?: string;
}

/**
 * An error that the user can act on. Its message has one clause per part: what was given, what was expected, what to
 * do. Anything else that is thrown is a bug.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly parts: ErrorParts;

  constructor(parts: ErrorParts, options?: ErrorOptions) {
    const sentences = [parts.given, parts.expected && `expected ${parts.expected}`, parts.remedy].filter(Boolean);
    super(sentences.join('; '), options);
    this.parts = parts;
  }
}

/** The error for a file whose content contradicts itself, its checksum or its format, so that a copy may serve instead. */
export class DamagedFile extends UserError {}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Levenshtein distance, for suggestions. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

/** Nobody mistypes a longer name, and comparing takes time by the product of the lengths. */
const LONGEST_NAME = 100;

/** The candidate closest to a mistyped name, or `undefined` if none is close. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(name.length / 2)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** The remedy for a mistyped name; empty if no candidate is close. `prefix` stands before names, such as `--` of options. */
export function didYouMean(
  name: string,
  candidates: Iterable<string>,
  { prefix = '' }: { readonly prefix?: string } = {},
): Pick<ErrorParts, 'remedy'> {
  const near = nearestName(name, candidates);
  return near === undefined ? {} : { remedy: `did you mean '${prefix}${near}'?` };
}

/**
 * Throws a {@link UserError} unless `value` is a whole number of at least `least`; `given` describes it in the message.
 */
export function requireWholeNumber(value: number, least: number, given: string): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new UserError({ given, expected: `a whole number ≥ ${least}` });
}

/**
 * Looks `name` up in a registry. An unknown name is a {@link UserError} that lists the known ones and the closest
 * match.
 */
export function lookUp<T>(registry: Readonly<Record<string, T>>, name: string, kind: string): T {
  if (Object.hasOwn(registry, name)) return registry[name];
  const names = Object.keys(registry);
  throw new UserError({
    given: `unknown ${kind} '${name}'`,
    expected: `one of: ${names.join(', ')}`,
    ...didYouMean(name, names),
  });
}

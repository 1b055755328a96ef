/** How bad a finding is: errors stop training or make its figures wrong, warnings deserve a look, notes are good to know. */
export type Severity = 'error' | 'warning' | 'note';

/** Something that the doctor found. */
export interface Finding {
  /** Name of the check, in kebab-case. */
  readonly check: string;
  readonly severity: Severity;
  /** What was found, one sentence. */
  readonly found: string;
  /** Number of files, ids or classes concerned. */
  readonly count: number;
  /** The first few of them. */
  readonly examples: readonly string[];
  /** What it does to training or to the figures. */
  readonly why: string;
  /** What to do. */
  readonly fix: string;
}

/** Examples that a finding carries at most. */
const EXAMPLES = 5;

/** A finding about some things; no finding about nothing. */
export function findingOf(
  of: readonly string[],
  { check, severity, found, why, fix }: Omit<Finding, 'count' | 'examples'>,
): Finding[] {
  if (of.length === 0) return [];
  return [{ check, severity, found, count: of.length, examples: of.slice(0, EXAMPLES), why, fix }];
}

/** `1 mask`, `2 masks`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}

/** The first few of a list, then dots. */
export function some(names: readonly (string | number)[], most = 8): string {
  return names.length > most ? `${names.slice(0, most).join(', ')}, …` : names.join(', ');
}

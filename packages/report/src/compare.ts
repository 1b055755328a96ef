import { hashJson, UserError } from '@unseen/core';
import type { ClassMetrics } from '@unseen/metrics';
import { displayName } from './format.ts';
import { type PublishedResult, publishedFor } from './published.ts';
import { type RunFolder, readRunFolder } from './run-folder.ts';
import { FIGURES, type Figure, type MethodMetrics } from './run-types.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { transferRemarks, UNSEEN_FIGURES } from './unseen-figures.ts';

/** A method of an experiment, over its seeds. */
export interface ComparedMethod {
  readonly experiment: string;
  readonly method: string;
  /** Name for tables: the method, with its experiment and profile if there are several. */
  readonly label: string;
  /** Per run, in the given order; `null` if a run does not record its seed. */
  readonly seeds: readonly (number | null)[];
  readonly figures: Readonly<Record<Figure, Spread>>;
  /** In the order of {@link UNSEEN_FIGURES}. */
  readonly unseen: readonly Spread[];
  readonly perClass: readonly { id: number; name: string; group: ClassMetrics['group']; iou: Spread }[];
  /** The paper's row for this method on this benchmark or its full-size counterpart, and how the two differ. */
  readonly published?: { readonly result: PublishedResult; readonly differences: readonly string[] };
}

/** IoU per class of a method minus that of the baseline. */
export interface ClassDifference {
  readonly label: string;
  readonly baseline: string;
  /** Whether both sides have the same seeds: then differences are taken run by run and have a standard deviation. */
  readonly paired: boolean;
  readonly classes: readonly { name: string; group: ClassMetrics['group']; difference: Spread }[];
}

/** A run of a comparison. */
export interface ComparedRun {
  readonly run: string;
  readonly experiment: string;
  readonly seed: number | null;
  /** `default` or `official`; empty if a run does not record it. */
  readonly profile: string;
  readonly dataset: string;
  readonly backbone: string;
  /** Settings, environment, log and weights; absolute paths, or relative to the folder of a written comparison. */
  readonly files: readonly string[];
  /** What is missing in the run folder, in words. */
  readonly missing: readonly string[];
}

/** Options of {@link compareRuns}. */
export interface CompareOptions {
  /** Skip runs that cannot be read and report their errors, as long as others can be read. Default: throw. */
  readonly onUnreadable?: (path: string, error: UserError) => void;
}

/** A comparison of several runs; JSON-safe. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** Baseline first. */
  readonly methods: readonly ComparedMethod[];
  readonly differences: readonly ClassDifference[];
  readonly warnings: readonly string[];
  /** Remarks on how far the numbers carry. */
  readonly notes: readonly string[];
}

/**
 * Methods × seeds: mean ± sample standard deviation of every figure and class, differences from the baseline (the first
 * method of the first run) and published numbers. Runs whose settings differ only in seed and name are one experiment.
 * Takes run folders and metrics files.
 */
export async function compareRuns(
  paths: readonly string[],
  { onUnreadable }: CompareOptions = {},
): Promise<Comparison> {
  const runs: RunFolder[] = [];
  const failures: (readonly [path: string, error: UserError])[] = [];
  for (const path of paths) {
    try {
      runs.push(await readRunFolder(path));
    } catch (error) {
      if (!(error instanceof UserError) || !onUnreadable) throw error;
      failures.push([path, error]);
    }
  }
  if (runs.length === 0 && failures.length > 0) throw noneReadable(failures);
  for (const failure of failures) onUnreadable?.(...failure);
  const comparison = compare(runs);
  const leftOut = failures.map(
    ([path, { message }]) => `${path} is left out, because it could not be read: ${message}`,
  );
  return { ...comparison, warnings: [...leftOut, ...comparison.warnings] };
}

function noneReadable(failures: readonly (readonly [string, UserError])[]): UserError {
  const [[, first]] = failures;
  if (failures.length === 1) return first;
  return new UserError({
    given: `none of the ${failures.length} runs could be read:\n${failures.map(([, { message }]) => `  ${message}`).join('\n')}`,
  });
}

/** {@link compareRuns} for runs that have been read. */
export function compare(runs: readonly RunFolder[]): Comparison {
  if (runs.length === 0) throw new UserError({ given: 'no runs to compare', expected: 'run folders or metrics files' });
  const names = experimentNames(runs);
  const several = new Set(names).size > 1;
  const profiles = new Set(runs.map(profileOf)).size > 1;
  const groups = new Map<string, { experiment: string; method: string; runs: RunFolder[] }>();
  for (const [i, run] of runs.entries()) {
    for (const method of Object.keys(run.metrics.methods)) {
      const key = JSON.stringify([names[i], method]);
      if (!groups.has(key)) groups.set(key, { experiment: names[i], method, runs: [] });
      groups.get(key)?.runs.push(run);
    }
  }
  const methods = [...groups.values()].map((group) =>
    comparedMethod(group, { experiment: several, profile: profiles }),
  );
  return {
    runs: runs.map((run, i) => ({
      run: run.name,
      experiment: names[i],
      seed: seedOf(run),
      profile: profileOf(run),
      dataset: run.metrics.protocol.dataset ?? '',
      backbone: run.metrics.protocol.backbone ?? '',
      files: run.files,
      missing: run.missing,
    })),
    methods,
    differences: methods.slice(1).map((method) => classDifference(method, methods[0])),
    warnings: warningsOf(runs, names, methods),
    notes: notesOf(methods),
  };
}

function comparedMethod(
  { experiment, method, runs }: { experiment: string; method: string; runs: readonly RunFolder[] },
  named: { readonly experiment: boolean; readonly profile: boolean },
): ComparedMethod {
  const profile = named.profile && profileOf(runs[0]);
  const metrics = runs.map((run): MethodMetrics => run.metrics.methods[method]);
  const { dataset = '', backbone = '' } = runs[0].metrics.protocol;
  const classes = metrics[0].perClass;
  const unseenClasses = classes.filter(({ group }) => group === 'unseen').length;
  const published = publishedFor({
    method,
    dataset,
    backbone,
    seenClasses: classes.length - unseenClasses,
    unseenClasses,
  });
  return {
    experiment,
    method,
    label: [displayName(method), named.experiment && experiment, profile].filter(Boolean).join(' · '),
    seeds: runs.map(seedOf),
    figures: Object.fromEntries(FIGURES.map((name) => [name, spreadOf(metrics.map((m) => m[name]))])) as Record<
      Figure,
      Spread
    >,
    unseen: UNSEEN_FIGURES.map(([, value]) => spreadOf(metrics.map(value))),
    perClass: classes.map(({ id, name, group }) => ({
      ...{ id, name, group },
      iou: spreadOf(metrics.map((m) => m.perClass.find((row) => row.id === id)?.iou ?? null)),
    })),
    ...(published ? { published } : {}),
  };
}

function classDifference(method: ComparedMethod, baseline: ComparedMethod): ClassDifference {
  const paired =
    method.seeds.every((seed) => seed !== null) && JSON.stringify(method.seeds) === JSON.stringify(baseline.seeds);
  const classes = method.perClass.flatMap(({ id, name, group, iou }) => {
    const base = baseline.perClass.find((row) => row.id === id)?.iou;
    if (!base) return [];
    const less = (a: number | null, b: number | null) => (a === null || b === null ? null : a - b);
    const difference = paired
      ? spreadOf(iou.values.map((value, i) => less(value, base.values[i])))
      : spreadOf([less(iou.mean, base.mean)]);
    return [{ name, group, difference }];
  });
  return { label: method.label, baseline: baseline.label, paired, classes };
}

/** The seed that a run records in its metrics, environment or settings. */
function seedOf(run: RunFolder): number | null {
  const settings = run.config?.value as { seed?: unknown } | null | undefined;
  const seed = [run.metrics.seed, run.environment?.seed, settings?.seed].find((value) => typeof value === 'number');
  return typeof seed === 'number' ? seed : null;
}

function profileOf({ config }: RunFolder): string {
  const { profile } = (config?.value ?? {}) as { profile?: unknown };
  return typeof profile === 'string' ? profile : '';
}

/** One name per run; runs with equal settings (except seed, name and folder) share it. */
function experimentNames(runs: readonly RunFolder[]): string[] {
  const byHash = new Map<string, string>();
  const used = new Set<string>();
  return runs.map((run) => {
    const settings = run.config?.value;
    const plain = typeof settings === 'object' && settings !== null ? (settings as Record<string, unknown>) : undefined;
    const { seed: _, seeds: __, name, out: ___, ...rest } = plain ?? {};
    const hash = plain ? hashJson(rest) : run.folder + run.name;
    const known = byHash.get(hash);
    if (known !== undefined) return known;
    const wanted = (typeof name === 'string' ? name : run.name).replace(/[-_. ]?seed[-_ ]?\d+$/i, '') || run.name;
    const free = used.has(wanted) ? run.name : wanted;
    let unique = free;
    for (let n = 2; used.has(unique); n++) unique = `${free} (${n})`;
    used.add(unique);
    byHash.set(hash, unique);
    return unique;
  });
}

function warningsOf(
  runs: readonly RunFolder[],
  names: readonly string[],
  methods: readonly ComparedMethod[],
): string[] {
  const warnings: string[] = [];
  const classTables = new Set(
    runs.map(({ metrics }) => {
      const [first] = Object.values(metrics.methods);
      return JSON.stringify(first.perClass.map(({ id, name, group, support }) => [id, name, group, support]));
    }),
  );
  if (classTables.size > 1) {
    warnings.push(
      'These runs were not scored on the same pixels (classes, groups or supports differ): do not rank them.',
    );
  }
  const conventions = new Set(
    runs.flatMap(({ metrics }) =>
      Object.values(metrics.methods).map(({ resolution = '?', absent = '?' }) => `${resolution}, ${absent}`),
    ),
  );
  if (conventions.size > 1) {
    warnings.push(
      `These runs differ in resolution or in the treatment of absent classes: ${[...conventions].join(' | ')}.`,
    );
  }
  for (const [i, run] of runs.entries()) {
    const { leakage } = run.metrics.protocol;
    if (leakage) warnings.push(`${run.name}: the leakage guard was disabled: ${leakage}`);
    for (const warning of run.metrics.warnings) warnings.push(`${run.name}: ${warning}`);
    const figures = Object.entries(run.metrics.methods).map(([name, metrics]) => ({ ...metrics, name }));
    for (const warning of transferRemarks(figures).warnings) warnings.push(`${run.name}: ${warning}`);
    const seed = seedOf(run);
    const twin = runs.findIndex(
      (other, j) => j < i && names[j] === names[i] && seed !== null && seedOf(other) === seed,
    );
    if (twin >= 0)
      warnings.push(`${runs[twin].name} and ${run.name} have the same settings and seed, and count as one run.`);
  }
  for (const { label, published } of methods) {
    if (!published || published.differences.length === 0) continue;
    const { result, differences } = published;
    warnings.push(`${label} and the paper's ${result.label} are NOT comparable: ${differences.join('; ')}.`);
  }
  return warnings;
}

function notesOf(methods: readonly ComparedMethod[]): string[] {
  const few = methods.filter(({ seeds }) => seeds.length < 3).length;
  return few === 0 ? [] : [`${few} of ${methods.length} rows have fewer than 3 runs, so their spread means little.`];
}

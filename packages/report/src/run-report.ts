import type { ClassMetrics } from '@unseen/metrics';
import { displayName, percent } from './format.ts';
import { publishedFor } from './published.ts';
import type { Panel, RunFolder } from './run-folder.ts';
import type { LegendEntry, LogEntry, MethodMetrics } from './run-types.ts';
import { transferRemarks } from './unseen-figures.ts';

/** Logged values of one name over a stage. */
export interface Curve {
  readonly stage: string;
  readonly name: string;
  readonly points: readonly (readonly [iteration: number, value: number])[];
}

/** Content of a run's report; JSON-safe. Pages and files are renderings of it. */
export interface RunReport {
  readonly run: string;
  /** What was done, in words. */
  readonly protocol: readonly { readonly topic: string; readonly text: string }[];
  /** The resolved settings, flattened: `train.rate` → value. */
  readonly settings: readonly { readonly key: string; readonly value: string }[];
  readonly environment: readonly { readonly key: string; readonly value: string }[];
  readonly seconds?: number;
  readonly methods: readonly ({ readonly name: string } & MethodMetrics)[];
  /** Caveats to read before the numbers. */
  readonly warnings: readonly string[];
  /** Remarks on the figures of the unseen classes. */
  readonly notes: readonly string[];
  readonly published: readonly { readonly method: string; readonly found: ReturnType<typeof publishedFor> }[];
  readonly curves: readonly Curve[];
  readonly evaluations: readonly Curve[];
  readonly panels: readonly Panel[];
  readonly legend: readonly LegendEntry[];
  /** What is missing in the run folder. */
  readonly missing: readonly string[];
}

/** What pictures of predictions show. */
export const PANEL_NOTE =
  'Predictions are pale where the ground truth is unlabelled: what stands there is not scored. Images that show unseen classes come first.';

/** Composes the report of a run. */
export function runReport(run: RunFolder): RunReport {
  const { metrics, log } = run;
  const methods = Object.entries(metrics.methods).map(([name, figures]) => ({ ...figures, name }));
  const { dataset = '', backbone = '' } = metrics.protocol;
  const seenClasses = methods[0].perClass.filter(({ group }) => group === 'seen').length;
  const unseenClasses = methods[0].perClass.length - seenClasses;
  return {
    run: run.name,
    protocol: [
      ...Object.entries(metrics.protocol).map(([topic, text]) => ({ topic, text })),
      { topic: 'evaluation', text: evaluationText(methods[0]) },
    ],
    settings: run.config ? flatten(run.config.value) : [],
    environment: flatten(run.environment ?? {}),
    ...(metrics.seconds === undefined ? {} : { seconds: metrics.seconds }),
    methods,
    warnings: warningsOf(run, methods),
    notes: transferRemarks(methods).notes,
    published: methods
      .map(({ name }) => ({
        method: name,
        found: publishedFor({ method: name, dataset, backbone, seenClasses, unseenClasses }),
      }))
      .filter(({ found }) => found !== undefined),
    curves: curvesOf(log, ({ losses }) => losses),
    evaluations: curvesOf(log, ({ metrics: figures }) => figures),
    panels: run.panels,
    legend: run.legend,
    missing: run.missing,
  };
}

const ABSENT_TEXT: Readonly<Record<string, string>> = {
  support: 'Means are over classes with at least one ground-truth pixel.',
  'nan-mean': 'Means are over classes with a defined value: an absent class counts as 0 once it is predicted.',
  zero: 'Means are over all classes; an absent class counts as 0.',
};

function evaluationText(method: MethodMetrics): string {
  const { perClass, pixels, resolution, absent } = method;
  const unseen = perClass.filter(({ group }) => group === 'unseen').length;
  const labelled = pixels?.labelled ?? perClass.reduce((sum, { support }) => sum + support, 0);
  const all = labelled + (pixels?.unscored ?? 0);
  const rest =
    all > labelled
      ? ` (${percent(labelled / all)} of all, the others are unlabelled or of classes outside the split)`
      : '';
  const place = resolution === undefined ? '' : ` at ${resolution} resolution`;
  return (
    `${labelled.toLocaleString('en')} labelled pixels${rest}, ${perClass.length - unseen} seen and ${unseen} unseen classes ` +
    `in one table (generalized)${place}. ${absent !== undefined && Object.hasOwn(ABSENT_TEXT, absent) ? ABSENT_TEXT[absent] : ''} ` +
    'Predictions on unlabelled pixels are ignored. hIoU is the harmonic mean of seen and unseen mIoU.'
  );
}

function warningsOf(run: RunFolder, methods: RunReport['methods']): string[] {
  const { leakage } = run.metrics.protocol;
  const warnings = leakage ? [`The leakage guard was disabled: ${leakage}`] : [];
  warnings.push(...run.metrics.warnings);
  const byText = new Map<string, LogEntry[]>();
  for (const entry of run.log) {
    if (entry.warning === undefined) continue;
    byText.set(entry.warning, [...(byText.get(entry.warning) ?? []), entry]);
  }
  for (const [text, entries] of byText) {
    const times = entries.length > 1 ? `, ${entries.length} times` : '';
    warnings.push(`${text} (${entries[0].stage}, iteration ${entries[0].iteration}${times})`);
  }
  warnings.push(...transferRemarks(methods).warnings);
  for (const group of ['unseen', 'seen'] as const) warnings.push(...absentClasses(methods[0].perClass, group));
  for (const { name, pixels } of methods) {
    if (!pixels || pixels.outside === 0) continue;
    const share = percent(pixels.outside / pixels.labelled);
    warnings.push(
      `${displayName(name)} predicts something outside the class table on ${share} of the labelled pixels.`,
    );
  }
  const broken = run.log.filter(({ losses }) => losses && Object.values(losses).includes(null));
  if (broken.length > 0) {
    warnings.push(`A loss was not finite in ${broken.length} log line(s), first at iteration ${broken[0].iteration}.`);
  }
  return warnings;
}

function absentClasses(perClass: readonly ClassMetrics[], group: ClassMetrics['group']): string[] {
  const members = perClass.filter((row) => row.group === group);
  const absent = members.filter(({ support }) => support === 0).map(({ name }) => name);
  if (absent.length === 0) return [];
  return [`${absent.length} of ${members.length} ${group} classes have no labelled pixel here: ${absent.join(', ')}.`];
}

const MOST_POINTS = 240;

function curvesOf(
  log: readonly LogEntry[],
  select: (entry: LogEntry) => Readonly<Record<string, number | null>> | undefined,
): Curve[] {
  const curves = new Map<string, { stage: string; name: string; points: [number, number][] }>();
  for (const entry of log) {
    for (const [name, value] of Object.entries(select(entry) ?? {})) {
      if (value === null) continue;
      const key = JSON.stringify([entry.stage, name]);
      if (!curves.has(key)) curves.set(key, { stage: entry.stage, name, points: [] });
      curves.get(key)?.points.push([entry.iteration, value]);
    }
  }
  return [...curves.values()].map((curve) => ({ ...curve, points: thinned(curve.points) }));
}

/** At most {@link MOST_POINTS} points: means over equal sections of the curve. */
function thinned(points: readonly [number, number][]): [number, number][] {
  if (points.length <= MOST_POINTS) return [...points];
  return Array.from({ length: MOST_POINTS }, (_, i) => {
    const part = points.slice(
      Math.floor((i * points.length) / MOST_POINTS),
      Math.floor(((i + 1) * points.length) / MOST_POINTS),
    );
    return [part[part.length - 1][0], part.reduce((sum, [, value]) => sum + value, 0) / part.length];
  });
}

function flatten(value: unknown, key = ''): { key: string; value: string }[] {
  if (typeof value !== 'object' || value === null) return [{ key, value: String(value) }];
  if (Array.isArray(value)) return [{ key, value: value.map((v) => JSON.stringify(v)).join(', ') }];
  return Object.entries(value).flatMap(([name, inner]) => flatten(inner, key ? `${key}.${name}` : name));
}

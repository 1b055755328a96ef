import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from '@unseen/report';
import { textTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const FIGURES: readonly Figure[] = ['seenMIoU', 'unseenMIoU', 'hIoU', 'mIoU', 'PA', 'MA'];

/** Figures of one method; null where undefined. */
export type MethodFigures = Readonly<Record<Figure, number | null>>;

/** What verbs say about a run that has been evaluated. */
export interface RunResult {
  /** The report's page. */
  readonly report: string | null;
  readonly methods: Readonly<Record<string, MethodFigures>>;
}

/** Writes the report of a run and prints its table to a terminal; a run without an evaluation has neither. */
export async function reportRun(run: string, terminal?: Terminal): Promise<RunResult> {
  if (!existsSync(join(run, 'metrics.json'))) {
    terminal?.print(`The run is in ${run}; its method evaluates nothing.`);
    return { report: null, methods: {} };
  }
  const { writeReport } = await import('@unseen/report');
  const { html } = await writeReport(run);
  const { readRunFolder } = await import('@unseen/report');
  const { metrics } = await readRunFolder(run);
  const methods = pickAll(metrics.methods);
  const [first] = Object.values(metrics.methods);
  terminal?.print(`\n${figuresTable(methods)}${first ? uncovered(first.perClass) : ''}\n\nReport: ${html}`);
  return { report: html, methods };
}

/** A line about the classes that no true pixel has, of which a score says nothing; empty if there are none. */
export function uncovered(perClass: readonly { readonly name: string; readonly support: number }[]): string {
  const absent = perClass.filter(({ support }) => support === 0).map(({ name }) => name);
  return absent.length === 0 ? '' : `\nthe score does not cover: ${absent.join(', ')} (no pixel of the truth)`;
}

/** The figures of each method of a run. */
export async function figuresOf(run: string): Promise<RunResult['methods']> {
  const { readRunFolder } = await import('@unseen/report');
  const { metrics } = await readRunFolder(run);
  return pickAll(metrics.methods);
}

/** The figures of methods alone. */
export function pickAll(methods: Readonly<Record<string, MethodFigures>>): RunResult['methods'] {
  return Object.fromEntries(Object.entries(methods).map(([name, all]) => [name, pickFigures(all)]));
}

/** The figures alone. */
export function pickFigures(metrics: MethodFigures): MethodFigures {
  return Object.fromEntries(FIGURES.map((figure) => [figure, metrics[figure]])) as MethodFigures;
}

/** A table of methods, in per cent. */
export function figuresTable(methods: RunResult['methods']): string {
  const percent = (value: number | null) => (value === null ? '–' : (100 * value).toFixed(1));
  return textTable([
    ['method', ...FIGURES],
    ...Object.entries(methods).map(([name, figures]) => [name, ...FIGURES.map((figure) => percent(figures[figure]))]),
  ]);
}

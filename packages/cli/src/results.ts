import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure, MethodMetrics } from '@unseen/report';
import { textTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const FIGURES: readonly Figure[] = ['seenMIoU', 'unseenMIoU', 'hIoU', 'mIoU', 'PA', 'MA'];
const PROOF = ['control', 'chance', 'area'] as const;

/**
 * Figures of one method; null where undefined. `control`: unseen mIoU with rotated vectors; `chance`: that of as many
 * pixels placed at random; `area`: under the seen-unseen curve.
 */
export type MethodFigures = Readonly<Record<Figure | Proof, number | null>>;

type Proof = 'control' | 'chance' | 'area';
type Metrics = Pick<MethodMetrics, Figure | 'control' | 'curve'>;

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
export function pickAll(methods: Readonly<Record<string, Metrics>>): RunResult['methods'] {
  return Object.fromEntries(Object.entries(methods).map(([name, all]) => [name, pickFigures(all)]));
}

/** The figures alone. */
export function pickFigures(metrics: Metrics): MethodFigures {
  return {
    ...(Object.fromEntries(FIGURES.map((figure) => [figure, metrics[figure]])) as Record<Figure, number | null>),
    control: metrics.control?.unseenMIoU ?? null,
    chance: metrics.control?.chance ?? null,
    area: metrics.curve?.area ?? null,
  };
}

/** A table of methods, in per cent. */
export function figuresTable(methods: RunResult['methods']): string {
  const percent = (value: number | null) => (value === null ? '–' : (100 * value).toFixed(1));
  const proof = PROOF.filter((name) => Object.values(methods).some((figures) => figures[name] !== null));
  const columns = [...FIGURES, ...proof];
  const note =
    proof.length > 0
      ? '\ncontrol: unseen mIoU with rotated class vectors; chance: of pixels placed at random; area: under the seen-unseen curve'
      : '';
  return `${textTable([
    ['method', ...columns],
    ...Object.entries(methods).map(([name, figures]) => [name, ...columns.map((column) => percent(figures[column]))]),
  ])}${note}`;
}

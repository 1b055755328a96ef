import { basename } from 'node:path';
import { type Bar, barChart, PALETTE, renderChart } from './charts.ts';
import type { ComparedRun, Comparison } from './compare.ts';
import { FIGURE_TITLES, figure, signed, spread } from './format.ts';
import { Html, html } from './html.ts';
import { bullets, cell, encodePath, fileLink, link, markdownTable } from './markdown.ts';
import { alarm, notes, page, table } from './page.ts';
import { FIGURES } from './run-types.ts';
import { UNSEEN_NOTE, unseenTable } from './unseen-figures.ts';

/** A chart of a comparison. */
export interface ComparisonFigure {
  readonly name: string;
  readonly title: string;
  readonly alt: string;
  readonly svg: string;
}

const HEAD = ['method', 'runs', ...FIGURES.map((name) => FIGURE_TITLES[name])];
const TITLE = 'Comparison of runs';

/** Draws hIoU and its components per method, and the gain of each method over the baseline per class. */
export async function drawComparison({ methods, differences }: Comparison): Promise<ComparisonFigure[]> {
  const drawn: ComparisonFigure[] = [];
  const draw = async (name: string, title: string, bars: readonly Bar[], axis: string, colors: readonly string[]) => {
    if (bars.length === 0) return;
    const alt = `Bars: ${title}. The same numbers are in the tables.`;
    drawn.push({ name, title, alt, svg: await renderChart(barChart(bars, axis, { colors }), name, alt) });
  };
  const overall = methods.flatMap(({ label, figures }) =>
    (['seenMIoU', 'unseenMIoU', 'hIoU'] as const).flatMap((name): Bar[] => {
      const { mean, sd } = figures[name];
      return mean === null
        ? []
        : [{ category: label, series: FIGURE_TITLES[name], value: mean, ...(sd === null ? {} : { sd }) }];
    }),
  );
  await draw('figures', 'Mean and standard deviation over runs', overall, 'IoU', PALETTE);
  for (const group of ['unseen', 'seen'] as const) {
    const bars = differences.flatMap(({ label, classes }) =>
      classes
        .filter((row) => row.group === group && row.difference.mean !== null)
        .map(
          ({ name, difference: { mean, sd } }): Bar => ({
            ...{ category: name, series: label, value: mean ?? 0 },
            ...(sd === null ? {} : { sd }),
          }),
        ),
    );
    const title = `IoU of ${group} classes minus that of ${methods[0].label}`;
    await draw(`differences-${group}`, title, bars, 'difference in IoU', PALETTE.slice(1));
  }
  return drawn;
}

/** A comparison as one self-contained page. */
export function comparisonPage(comparison: Comparison, drawn: readonly ComparisonFigure[]): string {
  const { methods, runs, warnings, notes: remarks } = comparison;
  const chart = ({ title, svg }: ComparisonFigure) =>
    html`<figure><h3>${title}</h3><div class="wide">${new Html(svg)}</div></figure>`;
  const rows = methods.flatMap(({ label, seeds, figures, published }) => [
    { cells: [label, String(seeds.length), ...FIGURES.map((name) => spread(figures[name]))] },
    ...(published
      ? [
          {
            kind: 'paper',
            cells: [`${published.result.label} (paper)`, '', ...FIGURES.map((name) => figure(published.result[name]))],
          },
        ]
      : []),
  ]);
  const ofUnseen = unseenRows(comparison);
  const body = html`<h1>${TITLE}</h1>
<p class="soft">${runs.length} runs, ${methods.length} methods. Mean ± sample standard deviation over runs.</p>
${alarm(warnings)}
${notes(remarks)}
<section><h2>Results</h2>${table('Values in [0, 1]; – means undefined, not 0.', HEAD, rows)}
${drawn.filter(({ name }) => name === 'figures').map(chart)}
${
  ofUnseen &&
  html`<h3>Unseen classes</h3>${table(
    UNSEEN_NOTE,
    ofUnseen.head,
    ofUnseen.rows.map((cells) => ({ cells })),
  )}`
}</section>
<section><h2>Classes</h2>${drawn.filter(({ name }) => name !== 'figures').map(chart)}
<details><summary>Table of classes</summary>${table('IoU', ...classTable(comparison))}</details></section>
<section><h2>Runs</h2>${table('', RUN_HEAD, runRows(comparison), 'text')}</section>`;
  return page(`${TITLE} · unseen`, body);
}

/** A comparison as Markdown, next to `figures/<name>.svg`. */
export function comparisonMarkdown(comparison: Comparison, drawn: readonly ComparisonFigure[]): string {
  const { methods, runs, warnings, notes: remarks } = comparison;
  const rows = methods.flatMap(({ label, seeds, figures, published }) => [
    [label, String(seeds.length), ...FIGURES.map((name) => spread(figures[name]))],
    ...(published
      ? [[`${published.result.label} (paper)`, '', ...FIGURES.map((name) => figure(published.result[name]))]]
      : []),
  ]);
  const [head, classRows] = classTable(comparison);
  const ofUnseen = unseenRows(comparison);
  const parts = [
    `# ${TITLE}`,
    `${runs.length} runs, ${methods.length} methods. Mean ± sample standard deviation over runs.`,
    warnings.length > 0 && `**Before you read the numbers:**\n\n${bullets(warnings)}`,
    remarks.length > 0 && bullets(remarks),
    '## Results',
    markdownTable(HEAD, rows),
    ofUnseen && `### Unseen classes\n\n${markdownTable(ofUnseen.head, ofUnseen.rows)}\n\n${UNSEEN_NOTE}`,
    ...drawn.map(({ name, title, alt }) => `### ${title}\n\n${link(alt, `figures/${name}.svg`)}`),
    '## Classes',
    markdownTable(
      head,
      classRows.map(({ cells }) => cells),
    ),
    '## Runs',
    markdownTable(
      RUN_HEAD,
      comparison.runs.map((run) => {
        const files = new Html(run.files.map((file) => fileLink(basename(file), file)).join(', '));
        return runCells(run, files).map((content) => (content instanceof Html ? content.text : cell(content)));
      }),
      true,
    ),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function unseenRows({ methods }: Comparison) {
  return unseenTable(
    methods.map(({ label, unseen }) => ({ label, values: unseen })),
    spread,
  );
}

function classTable({ methods, differences }: Comparison): [head: string[], rows: { cells: string[] }[]] {
  const head = [
    'class',
    'group',
    ...methods.map(({ label }) => label),
    ...differences.map(({ label, baseline }) => `${label} minus ${baseline}`),
  ];
  const rows = methods[0].perClass.map(({ id, name, group }) => ({
    cells: [
      name,
      group,
      ...methods.map(({ perClass }) => {
        const row = perClass.find((other) => other.id === id);
        return row ? spread(row.iou) : '–';
      }),
      ...differences.map(({ classes }) => {
        const difference = classes.find((row) => row.name === name)?.difference;
        if (!difference) return '–';
        return difference.sd === null
          ? signed(difference.mean)
          : `${signed(difference.mean)} ± ${figure(difference.sd)}`;
      }),
    ],
  }));
  return [head, rows];
}

const RUN_HEAD = ['run', 'experiment', 'seed', 'profile', 'files', 'data', 'backbone'];

function runRows({ runs }: Comparison): { cells: (string | Html)[] }[] {
  return runs.map((run) => {
    const files = run.files.map((file) => html`<a href="${encodePath(file)}">${basename(file)}</a> `);
    return { cells: runCells(run, html`${files}`) };
  });
}

/** In the order of {@link RUN_HEAD}. */
function runCells<T>(run: ComparedRun, files: T): (string | T)[] {
  const { experiment, seed, profile, dataset, backbone } = run;
  return [
    run.run,
    experiment,
    seed === null ? '–' : String(seed),
    profile || '–',
    files,
    dataset || '–',
    backbone || '–',
  ];
}

import { join } from 'node:path';
import type { FeatureSummary, LabelSummary } from '@unseen/analysis';
import { writeFileAtomic } from '@unseen/core';
import { type ChartSpec, keyOf, renderChart, SHOWN_NAME, standaloneSvg } from './charts.ts';
import { percent } from './format.ts';
import { Html, html } from './html.ts';
import { alarm, page, table, wordTable } from './page.ts';

/** The name of a label in a feature store. */
export interface NamedLabel {
  readonly id: number;
  readonly name: string;
  /** Its group, if there is a split. */
  readonly group?: 'seen' | 'unseen';
}

/** Content of a page about stored features. */
export interface FeaturePageContent {
  readonly title: string;
  /** Origin and storage of the features. */
  readonly facts: readonly (readonly [string, string])[];
  readonly warnings: readonly string[];
  readonly summary: FeatureSummary;
  /** Names of all labels in the summary. */
  readonly labels: readonly NamedLabel[];
}

/** Files of {@link writeFeaturePage}. */
export interface WrittenFeaturePage {
  readonly html: string;
  readonly svg?: string;
}

/** Writes a self-contained `index.html` about stored features and, if they were projected, `projection.svg`. */
export async function writeFeaturePage(content: FeaturePageContent, out: string): Promise<WrittenFeaturePage> {
  const { title, facts, warnings, summary, labels } = content;
  const spec = projectionChart(content);
  const drawn = spec && (await renderChart(spec, 'projection', `${title}: sampled features along two directions`));
  const body = html`<h1>${title}</h1>
${alarm(warnings)}
${wordTable(facts)}
${drawn && html`<section><h2>Projection</h2><p>${projectionText(content)}</p><figure><div class="wide">${new Html(drawn)}</div></figure></section>`}
<section><h2>Classes</h2><p>Positions of the grid with that label, views in which there is any, and the lengths of their features.</p>
${table(
  '',
  ['class', 'group', 'positions', 'views', 'mean length', 'shortest', 'longest'],
  summary.labels.map((label) => ({ cells: row(label, labels) })),
)}</section>`;
  const written = { html: join(out, 'index.html'), ...(drawn && { svg: join(out, 'projection.svg') }) };
  if (drawn) await writeFileAtomic(join(out, 'projection.svg'), standaloneSvg(drawn));
  await writeFileAtomic(written.html, page(`${title} · unseen`, body));
  return written;
}

function row({ label, positions, views, norms }: LabelSummary, labels: readonly NamedLabel[]): string[] {
  const { name, group = '–' } = labels.find(({ id }) => id === label) ?? { name: String(label) };
  const numbers = [positions, views].map((n) => n.toLocaleString('en'));
  return [name, group, ...numbers, ...[norms.mean, norms.min, norms.max].map((n) => n.toPrecision(3))];
}

/** Number of classes with their own colour; more could not be told apart. */
const MOST_COLORED = 20;
const OTHERS = 'other classes';
// Well-separated hues, in two shades.
const COLORS = [
  ...['#3b7dd8', '#d9822b', '#3f9f6b', '#c8558c', '#8c6bb1', '#2aa1a8', '#a6752c', '#c0392b', '#7a8b1f', '#5f6fd0'],
  ...['#8fb8ef', '#f0b878', '#8ed0a8', '#e79fc2', '#c3a9dd', '#85d0d4', '#d4ad75', '#e58f85', '#b9c860', '#a9b2ee'],
];

const SHAPES = [
  ['seen', 'circle'],
  ['unseen', 'cross'],
  ['in neither', 'triangle-up'],
] as const;

/** Name of a class in the picture; * marks unseen ones. */
function nameOf(label: NamedLabel | undefined): string {
  if (!label) return OTHERS;
  return label.group === 'unseen' ? `${label.name} *` : label.name;
}

/** The classes with a colour: unseen ones first, then those with the most positions. */
function coloredLabels({ summary, labels }: FeaturePageContent): NamedLabel[] {
  const positions = new Map(summary.labels.map((one) => [one.label, one.positions]));
  const weight = ({ id, group }: NamedLabel) => (group === 'unseen' ? 1e15 : 0) + (positions.get(id) ?? 0);
  const points = summary.projection?.points;
  return labels
    .filter(({ id }) => points?.has(id))
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, MOST_COLORED);
}

function projectionText({ summary, labels }: FeaturePageContent): string {
  const { projection } = summary;
  const counts = [...(projection?.points.values() ?? [])].map(({ length }) => length);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const share = (projection?.explained ?? []).reduce((sum, part) => sum + part, 0);
  const shapes = labels.some(({ group }) => group) ? ' Seen classes are circles, unseen ones (*) crosses.' : '';
  return (
    `${total.toLocaleString('en')} features of ${counts.length} classes, drawn at random with the same limit for each class, ` +
    `along the first two principal components of this sample, which explain ${percent(share)} of its variance; ` +
    `differences along other directions are not visible.${shapes}`
  );
}

function projectionChart(content: FeaturePageContent): ChartSpec | undefined {
  const { projection } = content.summary;
  if (!projection || projection.points.size === 0) return undefined;
  const colored = coloredLabels(content);
  const shown = new Map(colored.map((label) => [label.id, label]));
  const groups = new Map(content.labels.map(({ id, group = 'in neither' }) => [id, group]));
  const others = keyOf(OTHERS);
  const values = [...projection.points]
    .flatMap(([id, points]) =>
      points.map(([x, y = 0]) => ({ x, y, name: keyOf(nameOf(shown.get(id))), group: groups.get(id) })),
    )
    // Classes without a colour are drawn beneath.
    .sort((a, b) => Number(b.name === others) - Number(a.name === others));
  const names = colored.map((label) => keyOf(nameOf(label)));
  const rest = values.some(({ name }) => name === others);
  const split = content.labels.some(({ group }) => group);
  const axis = (k: number) => `component ${k + 1} (${percent(projection.explained[k] ?? 0)})`;
  return {
    data: { values },
    width: 620,
    height: 480,
    mark: { type: 'point', filled: true, opacity: 0.75 },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: axis(0), scale: { zero: false } },
      y: { field: 'y', type: 'quantitative', title: axis(1), scale: { zero: false } },
      color: {
        field: 'name',
        type: 'nominal',
        scale: { domain: [...names, ...(rest ? [others] : [])], range: [...COLORS.slice(0, names.length), '#9aa3ad'] },
        legend: {
          ...({ title: null, orient: 'right', labelExpr: SHOWN_NAME } as const),
          ...{ symbolOpacity: 1, symbolSize: 70, symbolLimit: MOST_COLORED + 1 },
        },
      },
      ...(split && {
        shape: {
          field: 'group',
          type: 'nominal' as const,
          scale: { domain: SHAPES.map(([group]) => group), range: SHAPES.map(([, shape]) => shape) },
          legend: { title: null, orient: 'top' as const, symbolOpacity: 1, symbolSize: 70 },
        },
      }),
      size: split ? { condition: { test: "datum.group === 'unseen'", value: 34 }, value: 14 } : { value: 14 },
    },
  };
}

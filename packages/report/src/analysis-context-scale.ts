import type { ContextScaleAnalysis, ScaleShares } from '@unseen/analysis';
import { type BarPart, dividedBars } from './analysis-charts.ts';
import { type AnalysisText, starred } from './analysis-page.ts';
import { percent } from './format.ts';

/** Colours of the scales, those of the pictures' legend; undecided pixels are grey. */
const UNDECIDED_COLOR = '#8b95a1';

/** Text of the page of a context-scale analysis; `colors` are those of the scales. */
export function contextScaleText(analysis: ContextScaleAnalysis, colors: readonly string[]): AnalysisText {
  const { scales, all, groups, classes, sizes, range } = analysis;
  const names = scales.map(({ receptiveField }) => `${receptiveField}×${receptiveField}`);
  const fields = scales.map(({ receptiveField, pixels }) => `${receptiveField}×${receptiveField} (${pixels} pixels)`);
  const hasUndecided = all.undecided > 0;
  const partNames = hasUndecided ? [...names, 'undecided'] : names;
  const parts = (category: string, row: ScaleShares): BarPart[] =>
    (hasUndecided ? [...row.shares, row.undecided] : row.shares).map((share, k) => ({
      category,
      part: partNames[k],
      share,
    }));
  const cells = (name: string, row: ScaleShares) => [
    name,
    row.pixels.toLocaleString('en'),
    ...row.shares.map((share) => percent(share)),
    ...(hasUndecided ? [percent(row.undecided)] : []),
    ...row.weights.map(weightText),
  ];
  const head = (first: string) => [
    first,
    'pixels',
    ...partNames.map((name) => `prefer ${name}`.replace('prefer undecided', 'undecided')),
    ...names.map((name) => `weight of ${name}`),
  ];
  const withPixels = classes.filter(({ pixels }) => pixels > 0);
  const byGroup = [
    ['all', all],
    ['seen', groups.seen],
    ['unseen', groups.unseen],
  ] as const;
  const bySize = sizes.filter(({ pixels }) => pixels > 0).map((row) => [sizeName(row), row] as const);
  const byClass = withPixels.map((row) => [starred(row), row] as const);
  const section = (name: string, title: string, text: string, rows: readonly (readonly [string, ScaleShares])[]) => ({
    name,
    title,
    text,
    chart: dividedBars(
      rows.flatMap(([category, row]) => parts(category, row)),
      'share of labelled pixels by preferred scale',
      [...colors, UNDECIDED_COLOR].slice(0, partNames.length),
    ),
    table: { head: head(title.toLowerCase()), rows: rows.map(([category, row]) => cells(category, row)) },
    folded: rows.length > 8,
  });
  const [low, high] = range;
  return {
    title: 'Which context the selector prefers',
    lead: [
      `At each pixel the context selector weighs ${scales.length} maps with receptive fields of ${fields.join(', ')} positions of the feature map, on top of the backbone's.`,
      `Of ${all.pixels.toLocaleString('en')} labelled pixels, ${names.map((name, k) => `${percent(all.shares[k])} prefer ${name}`).join(', ')}${hasUndecided ? `, ${percent(all.undecided)} none` : ''}.`,
      'The preferred scale is the one with the largest weight. Weights say how much of a map passes, not how large its values are: a map with a small weight may still contribute the most.',
    ],
    pictures: `Left to right: image, ground truth, preferred scale, the weights. All maps share one colour scale from the 2nd to the 98th percentile of the weights on labelled pixels: if these hardly differ, the selector hardly selects.`,
    colors: { low: `${weightText(low)} and less`, high: `${weightText(high)} and more` },
    sections: [
      section('groups', 'Seen and unseen', 'Labelled pixels only.', byGroup),
      section(
        'sizes',
        'Size of the object',
        'An object is a connected region of one class in the mask; its size is the side of a square with the same area, in positions of the feature map. A selector that adapts to objects moves from narrow to wide context as they grow.',
        bySize,
      ),
      section(
        'classes',
        'Classes',
        '* marks unseen classes. Classes without labelled pixels in these images are left out.',
        byClass,
      ),
    ],
  };
}

function sizeName({ from, to }: { readonly from: number; readonly to: number | null }): string {
  if (to === null) return `more than ${from}`;
  return from === 0 ? `up to ${to}` : `${from} to ${to}`;
}

function weightText(weight: number): string {
  return weight > 0 && weight < 0.001 ? weight.toExponential(1) : weight.toFixed(3);
}

import {
  REGENERATIONS,
  type ReconstructionAnalysis,
  type ReconstructionErrors,
  type Regeneration,
} from '@unseen/analysis';
import { type AnalysisText, starred } from './analysis-page.ts';
import { type Bar, barChart, PALETTE } from './charts.ts';
import { percent } from './format.ts';

const NAMES: Readonly<Record<Regeneration, string>> = {
  context: 'own code',
  zero: 'no code (0)',
  noise: 'noise as code',
  swapped: 'vector of another class',
  mean: 'mean of the class',
};

const COLORS = [PALETTE[1], PALETTE[3], PALETTE[2], PALETTE[4], PALETTE[0]];

/** Text of the page of a reconstruction-error analysis. */
export function reconstructionText(analysis: ReconstructionAnalysis): AnalysisText {
  const { all, groups, classes, limit } = analysis;
  const bars = (category: string, row: ReconstructionErrors): Bar[] =>
    REGENERATIONS.flatMap((way) => {
      const value = row[way];
      return value === null ? [] : [{ category, series: NAMES[way], value }];
    });
  const cells = (name: string, row: ReconstructionErrors & { readonly pixels: number }) => [
    name,
    row.pixels.toLocaleString('en'),
    ...REGENERATIONS.map((way) => error(row[way])),
    gain(row.zero, row.context),
  ];
  const head = ['', 'pixels', ...REGENERATIONS.map((way) => NAMES[way]), 'gain of the code'];
  const withPixels = classes.filter(({ pixels }) => pixels > 0);
  const byGroup = [
    ['all', all],
    ['seen', groups.seen],
    ['unseen', groups.unseen],
  ] as const;
  const byClass = withPixels.map((row) => [starred(row), row] as const);
  const section = (
    name: string,
    title: string,
    text: string,
    rows: readonly (readonly [string, ReconstructionErrors & { readonly pixels: number }])[],
  ) => ({
    name,
    title,
    text,
    chart: barChart(
      rows.flatMap(([category, row]) => bars(category, row)),
      'mean squared error per channel',
      { colors: COLORS },
    ),
    table: { head, rows: rows.map(([category, row]) => cells(category, row)) },
    folded: rows.length > 8,
  });
  return {
    title: 'Features regenerated from context and class vector',
    lead: [
      'The generator computes the feature of a pixel from its class vector and its latent code. Here it does so for pixels whose real feature is known; the error is the squared difference, averaged over the channels.',
      sentence('seen', groups.seen),
      sentence('unseen', groups.unseen),
      'Own code: class vector and the latent code of the same pixel (z = μ). No code: z = 0, the mean of N(0, I), as if there were no contextual module; the gain of the own code over it is what the code knows about the pixel. Noise as code: z ~ N(0, I), as in fine-tuning; if only this is worse, the code carries no information and noise disturbs. Vector of another class: own code, wrong class; if this is hardly worse than the own code, the vector decides little: the generator reads the class from the code, or treats all vectors alike. Mean of the class: the best that a single feature for all pixels of a class can do.',
    ].filter((text) => text !== ''),
    pictures: 'Errors on labelled pixels; the others are black. All maps share one colour scale.',
    colors: { low: '0', high: `${limit.toPrecision(2)} and more` },
    sections: [
      section('groups', 'Seen and unseen', 'Means over classes.', byGroup),
      section('classes', 'Classes', '* marks unseen classes. Means over the labelled pixels of each class.', byClass),
    ],
  };
}

function sentence(group: string, { context, zero, noise, mean }: ReconstructionErrors): string {
  if (context === null) return '';
  return `Over ${group} classes the error is ${error(context)} with the pixel's own code, ${error(zero)} without one (the code gains ${gain(zero, context)}), ${error(noise)} with noise, ${error(mean)} for the mean of the class.`;
}

function error(value: number | null): string {
  return value === null ? '–' : value.toPrecision(3);
}

function gain(without: number | null, withCode: number | null): string {
  if (without === null || withCode === null || without === 0) return '–';
  // Not "-0.0 %".
  return percent(Math.round(1000 * (1 - withCode / without)) / 1000 + 0).replace('-', '−');
}

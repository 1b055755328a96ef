import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  AnalysisHead,
  AnalysisResult,
  ClustersAnalysis,
  ContextScaleAnalysis,
  ReconstructionAnalysis,
  ScaleShares,
} from '@unseen/analysis';
import { decode } from 'fast-png';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { writeAnalysis } from './analysis-write.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

const HEAD: AnalysisHead = {
  run: 'a <run>',
  model: 'cagnet',
  dataset: 'toy',
  subset: 'val',
  images: 4,
  seed: 0,
  warnings: ['read & weep'],
};
const CAT = { id: 1, name: 'cat', group: 'seen' } as const;
const LYNX = { id: 2, name: 'lynx <script>', group: 'unseen' } as const;

const shares = (pixels: number, undecided = 0): ScaleShares => ({
  pixels,
  shares: [0.25, 0.75 - undecided],
  undecided,
  weights: [0.1, 0.2],
});

const CONTEXT_SCALE: ContextScaleAnalysis = {
  ...HEAD,
  kind: 'context-scale',
  scales: [
    { dilation: 1, receptiveField: 3, pixels: 12 },
    { dilation: 2, receptiveField: 7, pixels: 28 },
  ],
  range: [0.1, 0.2],
  all: shares(30),
  groups: { seen: shares(10), unseen: shares(20) },
  classes: [
    { ...CAT, ...shares(10) },
    { ...LYNX, ...shares(20) },
    { id: 3, name: 'never seen at all', group: 'seen', ...shares(0) },
  ],
  sizes: [
    { from: 0, to: 3, ...shares(30) },
    { from: 3, to: null, ...shares(0) },
  ],
};

const errors = { pixels: 5, context: 0.01, zero: 0.02, noise: 0.03, swapped: 0.05, mean: 0.008 };
const RECONSTRUCTION: ReconstructionAnalysis = {
  ...HEAD,
  kind: 'reconstruction',
  joint: true,
  limit: 0.1,
  all: errors,
  groups: { seen: errors, unseen: { pixels: 0, context: null, zero: null, noise: null, swapped: null, mean: null } },
  classes: [
    { ...CAT, ...errors },
    { ...LYNX, pixels: 0, context: null, zero: null, noise: null, swapped: null, mean: null },
  ],
};

const CLUSTERS: ClustersAnalysis = {
  ...HEAD,
  kind: 'clusters',
  clustered: { ...LYNX, pixels: 9, sampled: 7 },
  clusterings: [{ clusters: 2, explained: 0.4, sizes: [4, 3], iterations: 3, converged: true }],
  axes: [0.5, 0.2],
  projected: [
    {
      ...LYNX,
      real: [
        [0, 1],
        [1, 0],
      ],
      generated: [[0.5, 0.5]],
      recognised: { real: 1, generated: null },
      shift: 0.7,
      spread: null,
    },
  ],
};

function resultOf<A extends AnalysisResult['analysis']>(analysis: A): AnalysisResult<A> {
  const image = { height: 1, width: 2, data: Uint8Array.from([1, 2, 3, 250, 251, 252]) };
  return {
    analysis,
    images: [{ id: 'x/y', pictures: [{ name: 'image', title: 'x/y', image }] }],
    legend: [
      { name: 'first', color: [1, 2, 3] },
      { name: 'second', color: [4, 5, 6] },
    ],
  };
}

test.each([
  ['context-scale', resultOf(CONTEXT_SCALE), ['25.0 %', 'up to 3'], ['never seen at all', 'more than 3']],
  ['reconstruction', resultOf(RECONSTRUCTION), ['0.0100', '50.0 %'], ['Over unseen classes']],
  ['clusters', resultOf(CLUSTERS), ['4, 3', '0.70', '7 of 9'], []],
] as const)(
  '%s: a page that stands alone, its figures as JSON, its pictures as files',
  async (_, result, shown, hidden) => {
    const { html, json } = await writeAnalysis(result, dir);
    expect(JSON.parse(await readFile(json, 'utf8'))).toEqual(result.analysis);
    const text = await readFile(html, 'utf8');
    expect(text).toContain('a &lt;run&gt;');
    expect(text).toContain('read &amp; weep');
    expect(text).not.toContain('<script>');
    expect(text).not.toMatch(/(src|href)="(?!data:)/);
    for (const words of shown) expect(text).toContain(words);
    for (const words of hidden) expect(text).not.toContain(words);
    const [picture] = await readdir(join(dir, 'pictures'));
    expect(picture).toBe('x_y.image.png');
    const { width, height, data } = decode(await readFile(join(dir, 'pictures', picture)));
    expect({ width, height, data: [...data] }).toEqual({ width: 2, height: 1, data: [1, 2, 3, 250, 251, 252] });
    for (const name of await readdir(join(dir, 'figures'))) {
      expect(await readFile(join(dir, 'figures', name), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    }
  },
);

test('pixels without a preferred scale have a part of their own', async () => {
  const undecided = {
    ...CONTEXT_SCALE,
    all: shares(30, 0.5),
    groups: { seen: shares(10, 0.5), unseen: shares(20, 0.5) },
  };
  const { html } = await writeAnalysis(resultOf(undecided), dir);
  expect(await readFile(html, 'utf8')).toContain('undecided');
});

import { readFile } from 'node:fs/promises';
import type { FeatureSummary } from '@unseen/analysis';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { type FeaturePageContent, writeFeaturePage } from './feature-page.ts';

const norms = { mean: 2, min: 1, max: 3 };

function contentOf(classes: number): FeaturePageContent {
  const labels = Array.from({ length: classes }, (_, id) => ({
    id,
    name: `class <${id}>`,
    ...(id < 3 && { group: id === 0 ? ('unseen' as const) : ('seen' as const) }),
  }));
  const summary: FeatureSummary = {
    views: 2,
    positions: 100 * classes,
    notFinite: 0,
    zeros: 0.5,
    range: [-1, 4],
    norms,
    labels: labels.map(({ id }) => ({ label: id, positions: 10 * id + 1, views: 1, norms })),
    projection: {
      explained: [0.4, 0.2],
      points: new Map(
        labels.map(({ id }) => [
          id,
          [
            [id, 1],
            [id, 2],
          ],
        ]),
      ),
    },
  };
  return { title: 'Features', facts: [['backbone', 'a & b']], warnings: ['look out'], summary, labels };
}

async function written(content: FeaturePageContent) {
  const out = temporaryFolder();
  const { html, svg } = await writeFeaturePage(content, out);
  return { html: await readFile(html, 'utf8'), svg: svg && (await readFile(svg, 'utf8')) };
}

test('a page has the facts, the warnings, the classes and the picture, all within itself', async () => {
  const { html, svg } = await written(contentOf(4));
  for (const part of ['a &amp; b', 'look out', '8 features of 4 classes', '60.0 %', 'class &lt;3&gt;']) {
    expect(html).toContain(part);
  }
  expect(html).not.toMatch(/(src|href)="http/);
  for (const name of ['class &lt;0&gt; *', 'class &lt;1&gt;', 'component 1 (40.0 %)', 'unseen', 'in neither']) {
    expect(svg).toContain(name);
  }
  expect(svg).not.toContain('other classes');
});

test('of many classes the unseen ones and the largest have a colour of their own', async () => {
  const { svg } = await written(contentOf(30));
  const named = Array.from({ length: 30 }, (_, id) => id).filter((id) => svg?.includes(`>class &lt;${id}&gt;`));
  expect(named).toEqual([0, ...Array.from({ length: 19 }, (_, i) => 11 + i)]);
  expect(svg).toContain('other classes');
});

test('without a projection there is no picture', async () => {
  const { summary, ...content } = contentOf(2);
  const { projection: _, ...figures } = summary;
  const { html, svg } = await written({ ...content, summary: figures });
  expect(svg).toBeUndefined();
  expect(html).not.toContain('Projection');
});

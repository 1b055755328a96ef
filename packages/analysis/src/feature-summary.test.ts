import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { summarizeFeatures } from './feature-summary.ts';

async function* views(...given: { features: number[]; labels: number[] }[]) {
  for (const { features, labels } of given) {
    yield { features: Float32Array.from(features), labels: Uint8Array.from(labels) };
  }
}

test('counts, lengths and ranges, by label and in all', async () => {
  const summary = await summarizeFeatures(
    views({ features: [3, 4, 0, 0, 0, -2], labels: [7, 255, 7] }, { features: [6, 8], labels: [7] }),
    { channels: 2 },
  );
  expect(summary).toEqual({
    views: 2,
    positions: 4,
    notFinite: 0,
    zeros: 3 / 8,
    range: [-2, 8],
    norms: { mean: 17 / 4, min: 0, max: 10 },
    labels: [
      { label: 7, positions: 3, views: 2, norms: { mean: 17 / 3, min: 2, max: 10 } },
      { label: 255, positions: 1, views: 1, norms: { mean: 0, min: 0, max: 0 } },
    ],
  });
});

test('numbers that are not finite are counted and not sampled', async () => {
  const { notFinite, projection } = await summarizeFeatures(
    views({ features: [1, Number.NaN, Number.POSITIVE_INFINITY, 0, 1, 2], labels: [1, 1, 1] }),
    { channels: 2, sample: new Map([[1, 9]]) },
  );
  expect(notFinite).toBe(2);
  expect(projection?.points.get(1)).toHaveLength(1);
});

test('the projection shows as many features of a label as asked for, along the widest directions, by its seed alone', async () => {
  const random = new SeedTree(5).stream();
  const features = Array.from(random.fillNormal(new Float32Array(600 * 3)), (value, i) => [9, 3, 1][i % 3] * value);
  const labels = Array.from({ length: 600 }, (_, i) => [0, 1, 1, 1, 1, 2][i % 6]);
  const summarize = (seed: number) =>
    summarizeFeatures(views({ features, labels }), {
      channels: 3,
      seed,
      sample: new Map([
        [0, 150],
        [1, 80],
      ]),
    });
  const { projection } = await summarize(1);
  expect([...(projection?.points ?? [])].map(([label, points]) => [label, points.length])).toEqual([
    [0, 100],
    [1, 80],
  ]);
  expect(projection?.explained[0]).toBeGreaterThan(0.8);
  const [first] = projection?.points.get(0) ?? [];
  expect(Math.abs(first[0])).toBeCloseTo(Math.abs(features[0]), 0);
  expect(await summarize(1)).toEqual(await summarize(1));
  expect((await summarize(2)).projection?.points.get(1)).not.toEqual(projection?.points.get(1));
});

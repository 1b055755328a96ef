import { SeedTree } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clusterFeatures, nearest } from './cluster-features.ts';
import type { FeatureSample } from './feature-sample.ts';

const random = (seed = 0) => new SeedTree(seed).stream();

function sampleOf(points: readonly (readonly number[])[]): FeatureSample {
  return { channels: points[0].length, count: points.length, features: Float32Array.from(points.flat()) };
}

const clouds = fc
  .record({ channels: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 4, max: 40 }), seed: fc.nat(999) })
  .map(({ channels, count, seed }): FeatureSample => {
    const features = random(seed).fillNormal(new Float32Array(channels * count));
    return { channels, count, features };
  });

test('separate groups are found, the largest first', () => {
  const groups: [x: number, y: number, size: number][] = [
    [0, 0, 5],
    [10, 0, 9],
    [0, 10, 7],
  ];
  const points = groups.flatMap(([x, y, size]) => Array.from({ length: size }, (_, i) => [x + 0.01 * i, y]));
  const { sizes, centroids, spread, inertia, converged } = clusterFeatures(sampleOf(points), {
    clusters: 3,
    random: random(),
  });
  expect(sizes).toEqual([9, 7, 5]);
  expect(centroids.map(([x, y]) => [Math.round(x), Math.round(y)])).toEqual([
    [10, 0],
    [0, 10],
    [0, 0],
  ]);
  expect(converged).toBe(true);
  expect(inertia[inertia.length - 1]).toBeLessThan(0.02);
  expect(spread).toBeGreaterThan(900);
});

test('inertia never rises, and is that of the centroids', () => {
  fc.assert(
    fc.property(clouds, fc.integer({ min: 1, max: 4 }), (sample, clusters) => {
      const { inertia, centroids, sizes, spread } = clusterFeatures(sample, { clusters, random: random() });
      for (let i = 1; i < inertia.length; i++) expect(inertia[i]).toBeLessThanOrEqual(inertia[i - 1] * (1 + 1e-9));
      const { labels, inertia: last } = nearest(sample.features, centroids);
      expect(last).toBeCloseTo(inertia[inertia.length - 1], 3);
      expect(sizes).toEqual(centroids.map((_, k) => labels.filter((label) => label === k).length));
      if (clusters === 1) expect(last).toBeCloseTo(spread, 3);
    }),
    { numRuns: 40 },
  );
});

test('another order of the centroids renames the labels and changes nothing else', () => {
  fc.assert(
    fc.property(clouds, (sample) => {
      const { centroids } = clusterFeatures(sample, { clusters: 3, random: random() });
      const order = [2, 0, 1];
      const [before, after] = [centroids, order.map((k) => centroids[k])].map((c) => nearest(sample.features, c));
      expect(after.inertia).toBeCloseTo(before.inertia, 6);
      expect([...after.labels].map((label) => order[label])).toEqual([...before.labels]);
    }),
    { numRuns: 40 },
  );
});

test('the same seed gives the same clusters; every feature can be a cluster of its own', () => {
  const sample = sampleOf([[1], [5], [9], [20]]);
  const twice = [3, 3].map((seed) => clusterFeatures(sample, { clusters: 2, random: random(seed) }));
  expect(twice[0]).toEqual(twice[1]);
  expect(clusterFeatures(sample, { clusters: 4, random: random() }).sizes).toEqual([1, 1, 1, 1]);
});

test('more clusters than features are an error', () => {
  expect(() => clusterFeatures(sampleOf([[1], [2]]), { clusters: 3, random: random() })).toThrow(
    /3 clusters of 2 features/,
  );
});

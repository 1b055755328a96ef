import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import type { FeatureSample } from './feature-sample.ts';
import { leadingComponents } from './leading-components.ts';
import { principalComponents } from './principal-components.ts';

/** Noise in many channels, with a few directions of more of it. */
function sampleOf(channels: number, count: number, strengths: readonly number[]): FeatureSample {
  const random = new SeedTree(3).stream();
  const features = random.fillNormal(new Float32Array(channels * count));
  const directions = strengths.map(() => random.fillNormal(new Float32Array(channels)));
  for (let i = 0; i < count; i++) {
    for (const [k, direction] of directions.entries()) {
      const along = (strengths[k] * random.fillNormal(new Float32Array(1))[0]) / Math.sqrt(channels);
      for (let c = 0; c < channels; c++) features[i * channels + c] += along * direction[c] + 2;
    }
  }
  return { channels, count, features };
}

test.each([
  ['directions that stand out', 140, 300, [30, 20]],
  ['noise alone', 130, 200, []],
  ['fewer features than directions searched', 160, 5, [4]],
])('the first of the principal components: %s', (_, channels, count, strengths) => {
  const sample = sampleOf(channels, count, strengths);
  const [all, found] = [principalComponents(sample, 2), leadingComponents(sample, 2, new SeedTree(1).stream())];
  for (const k of [0, 1]) {
    expect(found.explained[k]).toBeCloseTo(all.explained[k], 4);
    if (strengths.length === 0) continue;
    const cosine = found.axes[k].reduce((sum, value, c) => sum + value * all.axes[k][c], 0);
    expect(cosine).toBeGreaterThan(0.999);
  }
});

test('features that are all the same have no direction', () => {
  const features = new Float32Array(200 * 4).fill(3);
  const found = leadingComponents({ channels: 200, count: 4, features }, 2, new SeedTree(1).stream());
  expect(found.explained.every((share) => share === 0)).toBe(true);
});

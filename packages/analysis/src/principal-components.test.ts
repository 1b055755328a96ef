import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { principalComponents, project } from './principal-components.ts';

test('features on a line in space have one component, along the line', () => {
  const steps = [-2, -1, 0, 1, 2];
  const features = Float32Array.from(steps.flatMap((t) => [1 + 2 * t, 5 - t, 3 + 2 * t]));
  const found = principalComponents({ channels: 3, count: 5, features });
  for (const [c, value] of [1, 5, 3].entries()) expect(found.mean[c]).toBeCloseTo(value, 6);
  for (const [c, value] of [2 / 3, -1 / 3, 2 / 3].entries()) expect(found.axes[0][c]).toBeCloseTo(value, 6);
  expect(found.explained[0]).toBeCloseTo(1, 6);
  expect(found.explained[1]).toBeCloseTo(0, 6);
  const coordinates = project(found, { channels: 3, count: 5, features });
  for (const [i, t] of steps.entries()) {
    expect(coordinates[i][0]).toBeCloseTo(3 * t, 5);
    expect(coordinates[i][1]).toBeCloseTo(0, 5);
  }
});

test('variances of an ellipse turned by 30° are told apart', () => {
  const [sin, cos] = [0.5, Math.sqrt(0.75)];
  const noise = new SeedTree(1).stream().fillNormal(new Float32Array(8000));
  const features = new Float32Array(8000);
  for (let i = 0; i < 8000; i += 2) {
    const [a, b] = [3 * noise[i], noise[i + 1]];
    features.set([cos * a - sin * b, sin * a + cos * b], i);
  }
  const { axes, explained } = principalComponents({ channels: 2, count: 4000, features });
  expect(explained[0]).toBeCloseTo(0.9, 1);
  expect(explained[0] + explained[1]).toBeCloseTo(1, 9);
  expect(axes[0][0]).toBeCloseTo(cos, 1);
  expect(axes[0][1]).toBeCloseTo(sin, 1);
  expect(axes[0][0] * axes[1][0] + axes[0][1] * axes[1][1]).toBeCloseTo(0, 9);
});

test('features that are all equal explain nothing', () => {
  const { explained } = principalComponents({ channels: 2, count: 3, features: new Float32Array(6).fill(4) });
  expect(explained).toEqual([0, 0]);
});

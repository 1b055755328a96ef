import { SeedTree } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { createGmmn, drawNoise, type NoiseKind } from './generator.ts';

const seeds = new SeedTree(2);

test('has the weights of the released generator', () => {
  const gmmn = createGmmn({ embedding: 300, noise: 300, seeds });
  expect(gmmn.parameterCount()).toBe(219_648);
  expect(gmmn.dropout).toEqual([0.5]);
  for (const { weight, bias } of gmmn.layers) {
    const [outputs, inputs] = weight.shape;
    const limit = Math.sqrt(6 / (inputs + outputs));
    const largest = weight.values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    expect(largest).toBeLessThanOrEqual(Math.fround(limit));
    expect(largest).toBeGreaterThan(0.99 * limit);
    expect(new Set(bias!.values)).toEqual(new Set([Math.fround(0.01)]));
  }
});

const COUNT = 20_000;

async function drawn(kind: NoiseKind): Promise<Float32Array> {
  const engine = await createEagerEngine('cpu');
  const executable = engine.compile({
    name: 'noise',
    inputs: {},
    training: true,
    describe: (ops) => ({ outputs: { noise: drawNoise(ops, kind, [COUNT]) } }),
  });
  return executable.run({}, new SeedTree(5).stream()).read('noise');
}

test('uniform noise fills [0, 1) evenly', async () => {
  const noise = await drawn('uniform');
  const counts = new Array(10).fill(0);
  for (const x of noise) counts[Math.floor(10 * x)]++;
  // Four standard deviations of a binomial count.
  for (const count of counts) expect(Math.abs(count - COUNT / 10)).toBeLessThan(4 * Math.sqrt(COUNT * 0.09));
  expect(counts).toHaveLength(10);
});

test('gaussian noise has mean 0 and variance 1', async () => {
  const noise = await drawn('gaussian');
  const mean = noise.reduce((sum, x) => sum + x, 0) / COUNT;
  const variance = noise.reduce((sum, x) => sum + x * x, 0) / COUNT - mean ** 2;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.04);
});

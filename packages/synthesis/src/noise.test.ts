import { SeedTree } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { drawNoise, type NoiseKind } from './noise.ts';

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

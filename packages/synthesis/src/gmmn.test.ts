import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { createGmmn } from './gmmn.ts';

const seeds = new SeedTree(2);

test('has the weights of the released generator', () => {
  const gmmn = createGmmn({ embedding: 300, noise: 300, seeds });
  expect(gmmn.parameterCount()).toBe(219_648);
  expect(gmmn.rates).toEqual([0.5]);
  for (const { weight, bias } of gmmn.layers) {
    const [outputs, inputs] = weight.shape;
    const limit = Math.sqrt(6 / (inputs + outputs));
    const largest = weight.values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    expect(largest).toBeLessThanOrEqual(Math.fround(limit));
    expect(largest).toBeGreaterThan(0.99 * limit);
    expect(new Set(bias!.values)).toEqual(new Set([Math.fround(0.01)]));
  }
});

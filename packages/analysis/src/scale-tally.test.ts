import { expect, test } from 'vitest';
import { preferredScales, ScaleTally, UNDECIDED } from './scale-tally.ts';

const weights = Float32Array.from([0.9, 0.1, 0.2, 0.3, 0.3, 0.1, 0.1, 0.2, 0.6, 0.5, 0.5, 0.5]);

test('the largest weight is preferred; where it is shared, none is', () => {
  expect([...preferredScales(weights, 3)]).toEqual([0, UNDECIDED, 2, UNDECIDED]);
});

test('shares and mean weights are counted by group; what is in no group is left out', () => {
  const tally = new ScaleTally({ groups: 2, scales: 3 });
  tally.add([0, 0, 0, 255], weights, preferredScales(weights, 3));
  const { pixels, shares, undecided, weights: means } = tally.of(0);
  expect(pixels).toBe(3);
  for (const [k, share] of [1 / 3, 0, 1 / 3].entries()) expect(shares[k]).toBeCloseTo(share, 9);
  expect(undecided).toBeCloseTo(1 / 3, 9);
  for (const [k, mean] of [1.3 / 3, 0.2, 0.3].entries()) expect(means[k]).toBeCloseTo(mean, 6);
  expect(tally.of(1)).toEqual({ pixels: 0, shares: [0, 0, 0], undecided: 0, weights: [0, 0, 0] });
});

import { expect, test } from 'vitest';
import { bestGamma, gammaGrid } from './calibration-search.ts';

const tried = (hIoUs: readonly (number | null)[]) =>
  hIoUs.map((hIoU, i) => ({ gamma: i / 10, hIoU, seenMIoU: null, unseenMIoU: null }));

test('the values of γ go from 0 to below 1', () => {
  const grid = gammaGrid(0.05);
  expect(grid).toHaveLength(20);
  expect([grid[0], grid[3], grid[19]]).toEqual([0, 0.15, 0.95]);
  expect(gammaGrid(0.3)).toEqual([0, 0.3, 0.6, 0.9]);
});

test('the best γ is that of the greatest hIoU, the smallest of equals', () => {
  expect(bestGamma(tried([0.1, 0.3, 0.3, 0.2]))).toBe(0.1);
  expect(bestGamma(tried([null, 0, null]))).toBe(0.1);
});

test('without a figure there is nothing to choose by', () => {
  expect(() => bestGamma(tried([null, null]))).toThrow('calibration.search.pseudoUnseen');
});

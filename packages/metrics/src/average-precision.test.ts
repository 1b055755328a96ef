import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { averagePrecision, classificationPrecision } from './average-precision.ts';

const rankings = fc
  .record({ hits: fc.array(fc.constantFrom(0, 1), { maxLength: 30 }), missed: fc.nat(5) })
  .map(({ hits, missed }) => ({ hits, positives: hits.reduce<number>((sum, hit) => sum + hit, 0) + missed }))
  .filter(({ positives }) => positives > 0);

/** The highest precision at a recall of at least `recall`, by definition. */
function bestPrecision(hits: readonly number[], positives: number, recall: number): number {
  const precisions = hits.map((_, i) => {
    const found = hits.slice(0, i + 1).reduce((a, b) => a + b);
    return found / positives >= recall - 1e-12 ? found / (i + 1) : 0;
  });
  return Math.max(0, ...precisions);
}

test('the area below the raised curve and the eleven points, by their definitions', () => {
  fc.assert(
    fc.property(rankings, ({ hits, positives }) => {
      let area = 0;
      for (let k = 1; k <= positives; k++) area += bestPrecision(hits, positives, k / positives) / positives;
      expect(averagePrecision(hits, positives)).toBeCloseTo(area, 10);
      let sum = 0;
      for (let tenth = 0; tenth <= 10; tenth++) sum += bestPrecision(hits, positives, tenth / 10);
      expect(averagePrecision(hits, positives, 'elevenPoint')).toBeCloseTo(sum / 11, 10);
    }),
  );
});

test('a hit that moves up never costs, and a false one at the end changes nothing', () => {
  fc.assert(
    fc.property(rankings, fc.nat(29), ({ hits, positives }, at) => {
      const before = averagePrecision(hits, positives)!;
      expect(averagePrecision([...hits, 0], positives)).toBe(before);
      const first = hits.indexOf(1);
      if (first < 0 || first === 0) return;
      const to = at % first;
      const moved = hits.map((hit, i) => (i === to ? 1 : i === first ? 0 : hit));
      expect(averagePrecision(moved, positives)!).toBeGreaterThanOrEqual(before - 1e-12);
    }),
  );
});

test('perfect, hopeless and undefined rankings', () => {
  expect(averagePrecision([1, 1, 0, 0], 2)).toBe(1);
  expect(averagePrecision([1, 1, 0, 0], 2, 'elevenPoint')).toBe(1);
  expect(averagePrecision([0, 0], 2)).toBe(0);
  expect(averagePrecision([], 2)).toBe(0);
  expect(averagePrecision([0, 0], 0)).toBeNull();
  expect(averagePrecision([1, 0, 1], 4)).toBeCloseTo(1 / 4 + 2 / 3 / 4, 12);
  expect(() => averagePrecision([1, 1], 1)).toThrow('2 hits among 1 positives');
});

test('image classification: by class, difficult images left out, classes without a positive not averaged', () => {
  const scores = Float32Array.of(0.9, 0.1, 0.5, 0.8, 0.9, 0.2, 0.7, 0.3, 0.1);
  const labels = [1, 0, 0, 0, 1, 0, 1, -1, 0];
  const { mean, perClass } = classificationPrecision(scores, labels, { classes: 3 });
  // Class 0: .9 right, .8 wrong, .7 right.
  expect(perClass).toEqual([expect.closeTo((1 + 2 / 3) / 2, 12), 1, null]);
  expect(mean).toBeCloseTo((1 + (1 + 2 / 3) / 2) / 2, 12);
  expect(() => classificationPrecision([1, 2], [1], { classes: 1 })).toThrow(UserError);
  expect(() => classificationPrecision([Number.NaN], [1], { classes: 1 })).toThrow(UserError);
});

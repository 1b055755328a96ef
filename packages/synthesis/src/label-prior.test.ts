import { expect, test } from 'vitest';
import { unseenProbabilityOf } from './label-prior.ts';

test('released rates give the released probabilities with the released classes', () => {
  expect(unseenProbabilityOf('voc12', { seen: 15, unseen: 5 })).toBeCloseTo(50 / 65, 12);
  expect(unseenProbabilityOf('context', { seen: 29, unseen: 4 })).toBeCloseTo(60 / 89, 12);
  expect(unseenProbabilityOf('cocostuff', { seen: 167, unseen: 15 })).toBeCloseTo(900 / 1067, 12);
});

test("with a run's own classes the weight of each class is that of the rate", () => {
  const p = unseenProbabilityOf('voc12', { seen: 9, unseen: 3 });
  expect(p / 3 / ((1 - p) / 9)).toBeCloseTo(1 + 9, 9);
});

test('balanced is one half whatever the classes, and a number stays', () => {
  expect(unseenProbabilityOf('balanced', { seen: 40, unseen: 2 })).toBe(0.5);
  expect(unseenProbabilityOf(0.95, { seen: 1, unseen: 1 })).toBe(0.95);
});

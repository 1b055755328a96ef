import { expect, it } from 'vitest';
import { spreadOf } from './spread.ts';

it('is not moved by an outlier', () => {
  expect(spreadOf([3, 1, 2, 100, 2])).toEqual({ median: 2, deviation: 1, best: 1, count: 5 });
  expect(spreadOf([4, 1])).toEqual({ median: 2.5, deviation: 1.5, best: 1, count: 2 });
});

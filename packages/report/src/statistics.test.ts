import { expect, it } from 'vitest';
import { spreadOf } from './statistics.ts';

it('takes the sample standard deviation of the defined values', () => {
  expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toMatchObject({ mean: 5, sd: Math.sqrt(32 / 7), n: 8 });
  expect(spreadOf([1, null, 3])).toMatchObject({ mean: 2, sd: Math.SQRT2, n: 2 });
  expect(spreadOf([0.5])).toMatchObject({ mean: 0.5, sd: null, n: 1 });
  expect(spreadOf([null])).toMatchObject({ mean: null, sd: null, n: 0 });
});

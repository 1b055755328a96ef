import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ceilPadding } from './pooling.ts';

test('the floor rule on the padded map gives the length of the ceil rule', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 600 }), (length) => {
      const [before, after] = ceilPadding(length, 3, 2, 1);
      const floor = Math.floor((length + before + after - 3) / 2) + 1;
      let ceil = Math.ceil((length + 2 - 3) / 2) + 1;
      if ((ceil - 1) * 2 >= length + 1) ceil--;
      expect(floor).toBe(ceil);
      expect(after).toBeLessThanOrEqual(2);
    }),
  );
});

test('the input of 368 pixels: 184 after the first convolution, 93 after the pooling', () => {
  expect(ceilPadding(184, 3, 2, 1)).toEqual([1, 2]);
  expect(ceilPadding(161, 3, 2, 1)).toEqual([1, 1]);
});

import { expect, test } from 'vitest';
import { positiveWholeNumber, wholeNumber } from './options.ts';

test('counts begin at one, seeds at zero, and what is no number is refused with its name', () => {
  expect(positiveWholeNumber('workers')('4')).toBe(4);
  expect(wholeNumber('seed')('0')).toBe(0);
  expect(() => positiveWholeNumber('workers')('0')).toThrow('--workers 0; expected a whole number above 0');
  for (const text of ['1.5', '-1', 'two', '']) {
    expect(() => positiveWholeNumber('workers')(text)).toThrow('--workers');
  }
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRunLengths, encodeRunLengths, runLengthArea } from './run-lengths.ts';

test('runs go down the columns and begin with zeros', () => {
  // 0 1
  // 1 1
  expect(encodeRunLengths([0, 1, 1, 1], 2, 2)).toEqual([1, 3]);
  expect(encodeRunLengths([1, 0, 0, 0], 2, 2)).toEqual([0, 1, 3]);
  expect(encodeRunLengths([0, 0], 1, 2)).toEqual([2]);
});

test('decoding undoes encoding and the area is that of the mask', () => {
  const mask = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([height, width]) =>
      fc
        .array(fc.integer({ min: 0, max: 1 }), { minLength: height * width, maxLength: height * width })
        .map((values) => ({ height, width, values })),
    );
  fc.assert(
    fc.property(mask, ({ height, width, values }) => {
      const runs = encodeRunLengths(values, height, width);
      expect([...decodeRunLengths(runs, height, width)]).toEqual(values);
      expect(runLengthArea(runs)).toBe(values.filter((v) => v === 1).length);
    }),
  );
});

test('runs that do not fill the grid are refused', () => {
  expect(() => decodeRunLengths([1, 2], 2, 2)).toThrow('run lengths of 3 pixels');
  expect(() => decodeRunLengths([5, -1], 2, 2)).toThrow('2x2 = 4');
  expect(() => encodeRunLengths([1, 2, 3], 2, 2)).toThrow('a mask of 3 values');
});

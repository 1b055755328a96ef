import fc from 'fast-check';
import { expect, test } from 'vitest';
import { argMax, softmax } from './class-scores.ts';

const scores = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 8 });

test('each row sums to 1 in the order of the scores, however large they are', () => {
  fc.assert(
    fc.property(scores, fc.double({ min: -500, max: 500, noNaN: true }), (row, shift) => {
      const rows = [...row, ...row.map((score) => score + shift)];
      const out = softmax(rows, row.length, new Float64Array(rows.length));
      for (const probabilities of [out.subarray(0, row.length), out.subarray(row.length)]) {
        expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
        row.forEach((score, i) => {
          row.forEach((other, j) => {
            if (score <= other) expect(probabilities[i]).toBeCloseTo(probabilities[j] * Math.exp(score - other), 8);
          });
        });
      }
    }),
  );
});

test('in place, in single precision', () => {
  const values = Float32Array.of(0, Math.log(3), 7, 7);
  expect([...softmax(values, 2, values)].map((p) => Math.round(p * 1e6) / 1e6)).toEqual([0.25, 0.75, 0.5, 0.5]);
});

test('the first of the largest', () => {
  expect(argMax([1, 3, 3, 2])).toBe(1);
  expect(argMax(Float32Array.of(-2, -1))).toBe(1);
});

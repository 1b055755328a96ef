import { SeedTree } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfusionMatrix } from './confusion-matrix.ts';

describe('ConfusionMatrix', () => {
  it('equals a count of (label, prediction) pairs for random masks of 8, 16 and 32 bits', () => {
    const kinds = [Uint8Array, Uint16Array, Int32Array];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(...kinds),
        fc.constantFrom(...kinds),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 9 })), { maxLength: 120 }),
        (classes, Labels, Predictions, draws) => {
          const labels = Labels.from(draws.map(([g, , kind]) => (kind === 0 ? 255 : g % classes)));
          const predictions = Predictions.from(draws.map(([, p, kind]) => (kind === 1 ? 255 : p % (classes + 2))));
          const matrix = new ConfusionMatrix(classes).add(labels, predictions);
          const pairs = draws.map((_, i) => [labels[i], predictions[i]]).filter(([g]) => g !== 255);
          expect(matrix.total).toBe(pairs.length);
          for (let g = 0; g < classes; g++) {
            expect(matrix.support(g)).toBe(pairs.filter(([label]) => label === g).length);
            expect(matrix.outside(g)).toBe(pairs.filter(([label, p]) => label === g && p >= classes).length);
            expect(matrix.predicted(g)).toBe(pairs.filter(([, p]) => p === g).length);
            for (let p = 0; p < classes; p++) {
              const expected = pairs.filter(([label, prediction]) => label === g && prediction === p).length;
              expect(matrix.at(g, p)).toBe(expected);
              expect(matrix.toRows()[g][p]).toBe(expected);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('does not alias the extra channel K to class 0 of the next row', () => {
    const matrix = new ConfusionMatrix(3).add(Uint8Array.of(0, 2), Uint8Array.of(3, 3));
    expect(matrix.at(1, 0)).toBe(0);
    expect([matrix.outside(0), matrix.outside(1), matrix.outside(2)]).toEqual([1, 0, 1]);
  });

  it('counts negative predictions as outside the table', () => {
    expect(new ConfusionMatrix(2).add(Int32Array.of(0, 1), Int32Array.of(-1, 1)).outside(0)).toBe(1);
  });

  it('keeps 255 as a class when there are more than 255 of them', () => {
    const matrix = new ConfusionMatrix(300).add(Uint16Array.of(255, 65535), Uint16Array.of(299, 3));
    expect(matrix.at(255, 299)).toBe(1);
    expect(matrix.total).toBe(1);
  });

  it('ignores a channel of the table when it is asked to', () => {
    const matrix = new ConfusionMatrix(2, { ignore: [0] }).add(Uint8Array.of(0, 1, 1), Uint8Array.of(0, 0, 1));
    expect(matrix.toRows()).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('is the same for images one by one, as a batch and merged from two processes', () => {
    const random = new SeedTree(3).stream();
    const labels = Uint8Array.from({ length: 600 }, () => random.integer(5));
    const predictions = Uint8Array.from({ length: 600 }, () => random.integer(6));
    const whole = new ConfusionMatrix(5).add(labels, predictions);
    const first = new ConfusionMatrix(5).add(labels.subarray(0, 200), predictions.subarray(0, 200));
    const second = new ConfusionMatrix(5).add(labels.subarray(200), predictions.subarray(200));
    first.merge(second);
    expect(first.toRows()).toEqual(whole.toRows());
    expect(first.total).toBe(600);
    expect(() => first.merge(new ConfusionMatrix(4))).toThrow(/4 classes/);
  });

  it('refuses an impossible label and stays as it was', () => {
    const matrix = new ConfusionMatrix(2).add(Uint8Array.of(1), Uint8Array.of(1));
    expect(() => matrix.add(Uint8Array.of(0, 1, 7), Uint8Array.of(0, 0, 0))).toThrow(/label 7 at pixel 2.*0 … 1/);
    expect(matrix.toRows()).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  it('refuses arrays of unequal length and an empty table', () => {
    expect(() => new ConfusionMatrix(2).add(new Uint8Array(3), new Uint8Array(4))).toThrow(/3 labels and 4 pred/);
    expect(() => new ConfusionMatrix(0)).toThrow(/0 classes/);
  });
});

import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { ClassMoments, ErrorTally, squaredErrors } from './error-tally.ts';

test('errors are means over the channels of each pixel', () => {
  const errors = squaredErrors(Float32Array.from([1, 2, 3, 4]), Float32Array.from([1, 4, 0, 3]), 2);
  expect([...errors]).toEqual([2, 5]);
});

test('means are by class, over all maps; a class without a pixel has none', () => {
  const tally = new ErrorTally(3);
  tally.add([0, 1, 255], Float32Array.from([1, 5, 100]));
  tally.add([0], Float32Array.from([2]));
  expect([tally.mean(0), tally.mean(1), tally.mean(2)]).toEqual([1.5, 5, null]);
  expect(tally.pixels(0)).toBe(2);
});

test('the variance of a class is the mean error of its mean', () => {
  const random = new SeedTree(4).stream();
  const features = random.fillNormal(new Float32Array(60));
  const labels = Uint8Array.from({ length: 20 }, () => random.integer(3));
  const moments = new ClassMoments({ classes: 4, channels: 3 });
  moments.add(labels.subarray(0, 7), features.subarray(0, 21));
  moments.add(labels.subarray(7), features.subarray(21));
  for (let label = 0; label < 3; label++) {
    const own = [...labels.keys()].filter((i) => labels[i] === label);
    const mean = moments.mean(label)!;
    const errors = own.map((i) => squaredErrors(features.subarray(3 * i, 3 * i + 3), mean, 3)[0]);
    expect(moments.variance(label)).toBeCloseTo(errors.reduce((sum, e) => sum + e, 0) / own.length, 5);
  }
  expect([moments.mean(3), moments.variance(3)]).toEqual([null, null]);
});

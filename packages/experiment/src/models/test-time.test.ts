import type { RgbImage, SegmentationModel } from '@unseen/core';
import { expect, test } from 'vitest';
import { averageViews } from './test-time.ts';

const IMAGE: RgbImage = { height: 2, width: 2, data: Uint8Array.from([9, 0, 0, 1, 0, 0, 9, 0, 0, 1, 0, 0]) };

/** Two classes on a grid of the image's size, times `factor`; the first class's logit is the red of the pixel. */
function redness(factor: number): SegmentationModel {
  return {
    outputStride: 1,
    input: 'any',
    classes: [3, 7],
    async logits({ height, width, data }) {
      const [h, w] = [height * factor, width * factor];
      const at = (i: number) =>
        data[3 * (Math.floor(Math.floor(i / w) / factor) * width + Math.floor((i % w) / factor))];
      return {
        height: h,
        width: w,
        data: Float32Array.from({ length: 2 * h * w }, (_, i) => (i % 2 === 0 ? at(i >> 1) : 2)),
      };
    },
  };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

test('one view keeps its probabilities, and a mirrored one is mirrored back', async () => {
  const model = redness(1);
  for (const flip of [false, true]) {
    const { data, height, width } = await averageViews([{ model, flip }]).logits(IMAGE);
    expect([height, width]).toEqual([2, 2]);
    [9, 1, 9, 1].forEach((red, i) => {
      expect(Math.exp(data[2 * i])).toBeCloseTo(sigmoid(red - 2), 5);
      expect(Math.exp(data[2 * i + 1])).toBeCloseTo(1 - sigmoid(red - 2), 5);
    });
  }
});

test('probabilities, not logits, are averaged, on the largest grid', async () => {
  const constant = (logit: number): SegmentationModel => ({
    ...redness(1),
    logits: async () => ({ height: 1, width: 1, data: Float32Array.of(logit, 0) }),
  });
  const { data, height, width } = await averageViews([
    { model: constant(300), flip: false },
    { model: redness(3), flip: true },
    { model: constant(-300), flip: true },
  ]).logits(IMAGE);
  expect([height, width]).toEqual([6, 6]);
  expect(Math.exp(data[0])).toBeCloseTo((1 + sigmoid(7) + 0) / 3, 5);
  expect(Math.exp(data[2 * 35])).toBeCloseTo((1 + sigmoid(-1) + 0) / 3, 5);
});

test('a class that every view excludes has a finite logit', async () => {
  const sure: SegmentationModel = {
    ...redness(1),
    logits: async () => ({ height: 1, width: 1, data: Float32Array.of(500, -500) }),
  };
  const { data } = await averageViews([{ model: sure, flip: false }]).logits(IMAGE);
  expect(data[0]).toBeCloseTo(0, 6);
  expect(Number.isFinite(data[1])).toBe(true);
});

test('models of different classes are not averaged', () => {
  const other = { ...redness(1), classes: [7, 3] };
  expect(() =>
    averageViews([
      { model: redness(1), flip: false },
      { model: other, flip: false },
    ]),
  ).toThrow('different classes');
});

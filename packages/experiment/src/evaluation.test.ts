import { IGNORE } from '@unseen/core';
import { expect, test } from 'vitest';
import { evaluateScorers } from './evaluation.ts';

const classes = ['a', 'b', 'x', 'y'].map((name, i) => ({ id: 10 + i, name, color: [i, i, i] as const }));
const split = { seen: [10, 11], unseen: [12, 13] };

/** An image of one row, with the scores of its pixels. */
async function evaluateRow(truth: readonly number[], scores: readonly (readonly number[])[], penalties?: Float32Array) {
  const map = { id: 'row', height: 1, width: truth.length, data: Uint8Array.from(truth) };
  const image = { id: 'row', truth: map, image: () => Promise.reject(new Error('not asked for')) };
  const data = Float32Array.from(scores.flat());
  const score = async () => ({ height: 1, width: truth.length, channels: 4, data, ...(penalties && { penalties }) });
  const { method } = await evaluateScorers({
    images: (async function* () {
      yield image;
    })(),
    scorers: { method: score },
    classes,
    split,
    resolution: 'feature',
  });
  return method;
}

const SCORES = [
  [5, 0, 1, 2], // seen wins; among the unseen, y
  [5, 0, 2, 1], // seen wins; among the unseen, x
  [0, 0, 9, 1], // x
  [0, 5, 1, 0], // b
  [0, 0, 0, 9], // y, but not labelled
];

test('generalised: among all classes; vanilla: unseen pixels among unseen classes; the share predicted as unseen', async () => {
  const metrics = await evaluateRow([2, 2, 2, 1, IGNORE], SCORES);
  expect(metrics.unseen.PA).toBeCloseTo(1 / 3, 9);
  expect(metrics.seen.PA).toBe(1);
  expect(metrics.predictedUnseen).toBe(1 / 4);
  expect(metrics.vanilla).toMatchObject({ PA: 2 / 3, mIoU: 2 / 3 });
  expect(metrics.vanilla?.perClass.map(({ name, iou, support }) => [name, iou, support])).toEqual([
    ['x', 2 / 3, 3],
    ['y', 0, 0],
  ]);
  expect(metrics.confusion[2]).toEqual([2, 0, 1, 0]);
});

test('penalties move pixels to unseen classes and leave the vanilla figures alone', async () => {
  const plain = await evaluateRow([2, 2, 2, 1, IGNORE], SCORES);
  const calibrated = await evaluateRow([2, 2, 2, 1, IGNORE], SCORES, Float32Array.of(1, 1, 0, 0));
  expect(calibrated.predictedUnseen).toBe(1);
  expect(calibrated.unseen.PA).toBe(2 / 3);
  expect(calibrated.vanilla).toEqual(plain.vanilla);
});

test('without a pixel of an unseen class there is no vanilla figure', async () => {
  const metrics = await evaluateRow([0, 1, IGNORE, 1, 0], SCORES);
  expect(metrics.vanilla).toBeNull();
  expect(metrics.predictedUnseen).toBe(1 / 4);
});

import { UserError } from '@unseen/core';
import { expect, test } from 'vitest';
import { type ConfidenceOptions, confidencePseudoLabels } from './pseudo-labels.ts';

// Two seen and two unseen channels; two images of four pixels.
const scores = Float32Array.from(
  [
    [0, 0, 4, 0], // 2, sure
    [0, 0, 1, 0], // 2, unsure
    [0, 0, 0, 2], // 3
    [9, 0, 0, 8], // seen
    [0, 0, 0, 5], // 3, surest
    [0, 0, 0, 3], // 3
    [0, 0, 0, 1], // 3, unsure
    [0, 0, 2, 0], // 2
  ].flat(),
);
const unlabelled = new Int32Array(8).fill(255);
const options: ConfidenceOptions = { logits: 4, seen: 2, unseen: 2, imagePixels: 4, share: 0.5, per: 'image' };
const label = (labels: ArrayLike<number>, more: Partial<ConfidenceOptions> = {}) => [
  ...confidencePseudoLabels(scores, labels, { ...options, ...more }),
];

test('the surest half of what is found in each image is labelled, rounded up', () => {
  expect(label(unlabelled)).toEqual([2, 255, 3, 255, 3, 3, 255, 255]);
});

test('the surest half of each class is labelled, whatever the image', () => {
  expect(label(unlabelled, { per: 'class' })).toEqual([2, 255, 255, 255, 3, 3, 255, 2]);
});

test('all that is found at share 1; a share of next to nothing is one pixel', () => {
  expect(label(unlabelled, { share: 1 })).toEqual([2, 2, 3, 255, 3, 3, 3, 2]);
  expect(label(unlabelled, { share: 1e-6, per: 'class' })).toEqual([2, 255, 255, 255, 3, 255, 255, 255]);
});

test('a tenth of thirty is three', () => {
  const thirty = Float32Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 0 : i));
  const labels = confidencePseudoLabels(thirty, new Int32Array(30).fill(255), {
    logits: 2,
    seen: 1,
    unseen: 1,
    share: 0.1,
    per: 'image',
  });
  expect([...labels.entries()].filter(([, c]) => c === 1).map(([i]) => i)).toEqual([27, 28, 29]);
});

test('labelled pixels and padding neither get labels nor count', () => {
  const labels = [0, 255, 255, 255, 255, 255, 255, 255];
  // Without the first pixel the second is the surest of class 2 in its image, but less sure than the third.
  expect(label(labels)).toEqual([0, 255, 3, 255, 3, 3, 255, 255]);
  expect(label(labels, { candidates: [1, 1, 0, 1, 1, 1, 1, 1] })).toEqual([0, 2, 255, 255, 3, 3, 255, 255]);
});

test('a pixel led by a dead channel stays unlabelled', () => {
  const dead = confidencePseudoLabels(Float32Array.from([0, 1, 2]), [255], {
    logits: 3,
    seen: 1,
    unseen: 1,
    share: 1,
    per: 'image',
  });
  expect([...dead]).toEqual([255]);
});

test.each([0, -0.5, 1.01, Number.NaN, 25])('the share %s is refused', (share) => {
  expect(() => label(unlabelled, { share })).toThrow(UserError);
});

test('scores, labels and images that do not belong together are refused', () => {
  expect(() => label(unlabelled, { logits: 3 })).toThrow('32 scores for 8 pixels of 3 logits');
  expect(() => label(unlabelled, { imagePixels: 3 })).toThrow('8 positions of images of 3');
  expect(() => label(unlabelled, { candidates: [1] })).toThrow('1 candidates for 8 pixels');
  expect(() => label(unlabelled, { unseen: 0 })).toThrow(UserError);
});

import { UserError } from '@unseen/core';
import { expect, test } from 'vitest';
import { rankPseudoLabels } from './pseudo-labels.ts';

// Channels: two seen, two unseen, one dead.
const scores = Float32Array.from([5, 4, 3, 2, 1, 0, 1, 2, 3, 9, 5, 0, 1, 2, 0]);
const options = { logits: 5, seen: 2, unseen: 2 };

test('an unlabelled pixel gets its best unseen class where that is among the first ranks', () => {
  const labels = (topRanks: number) => [...rankPseudoLabels(scores, [255, 255, 255], { ...options, topRanks })];
  expect(labels(1)).toEqual([255, 255, 255]);
  // The dead channel leads the second pixel.
  expect(labels(2)).toEqual([255, 3, 3]);
  expect(labels(3)).toEqual([2, 3, 3]);
});

test('labelled pixels keep their label', () => {
  expect([...rankPseudoLabels(scores, [1, 0, 3], { ...options, topRanks: 5 })]).toEqual([1, 0, 3]);
});

test('a pixel that is no candidate, such as padding, stays unlabelled', () => {
  const candidates = [1, 0, 1];
  expect([...rankPseudoLabels(scores, [255, 255, 255], { ...options, topRanks: 5, candidates })]).toEqual([2, 255, 3]);
});

test.each([0, 1.5, -1])('%s ranks are refused', (topRanks) => {
  expect(() => rankPseudoLabels(scores, [255, 255, 255], { ...options, topRanks })).toThrow(UserError);
});

import { SeedTree } from '@unseen/core';
import { Parameter } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { checkGradients, evaluate } from '../evaluate.suite.ts';
import { crossEntropy } from './cross-entropy.ts';

const random = new SeedTree(1).stream();
const logits = new Parameter([2, 1, 3, 4], { values: random.fillNormal(new Float32Array(24)).map((x) => 3 * x) });
const loss = async (labels: number[]) => {
  const inputs = { labels: { shape: [2, 1, 3], values: labels, integer: true } };
  const { value } = await evaluate((ops, { labels }) => ({ value: crossEntropy(ops, ops.parameter(logits), labels) }), {
    inputs,
  });
  return value[0];
};

test('the mean of -log softmax over labelled positions; 255, -1 and K are ignored', async () => {
  const labels = [0, 255, 3, -1, 4, 1];
  let sum = 0;
  for (const i of [0, 2, 5]) {
    const row = [...logits.values.slice(4 * i, 4 * i + 4)];
    sum += Math.log(row.reduce((total, x) => total + Math.exp(x), 0)) - row[labels[i]];
  }
  expect(await loss(labels)).toBeCloseTo(sum / 3, 5);
});

test('0 when nothing is labelled', async () => {
  expect(await loss(new Array(6).fill(255))).toBeCloseTo(0, 12);
});

test('large logits do not overflow', async () => {
  const inputs = { labels: { shape: [2], values: [0, 1], integer: true } };
  const { value } = await evaluate(
    (ops, { labels }) => ({ value: crossEntropy(ops, ops.constant([500, -500, 500, -500], [2, 2]), labels) }),
    { inputs },
  );
  expect(value[0]).toBeCloseTo(500, 3);
});

test('gradient', async () => {
  const inputs = { labels: { shape: [2, 1, 3], values: [0, 255, 3, 2, 1, 1], integer: true } };
  await checkGradients((ops, { labels }) => ({ loss: crossEntropy(ops, ops.parameter(logits), labels) }), [logits], {
    inputs,
  });
});

test('with class weights, positions count by the weight of their class', async () => {
  const weights = [0.01, 2, 0.5, 3];
  const weighted = async (labels: readonly number[]) => {
    const inputs = { labels: { shape: [2, 1, 3], values: labels, integer: true } };
    const { value } = await evaluate(
      (ops, given) => ({ value: crossEntropy(ops, ops.parameter(logits), given.labels, weights) }),
      { inputs },
    );
    return value[0];
  };
  const labels = [0, 255, 3, 2, 1, 1];
  const alone = await Promise.all(labels.map((label, i) => loss(labels.map((_, j) => (i === j ? label : 255)))));
  const total = labels.reduce((sum, label) => sum + (weights[label] ?? 0), 0);
  const expected = labels.reduce((sum, label, i) => sum + (weights[label] ?? 0) * alone[i], 0) / total;
  expect(await weighted(labels)).toBeCloseTo(expected, 5);
  expect(await weighted([0, 255, 255, 255, 255, 255])).toBeCloseTo(alone[0], 5);
  expect(await weighted(new Array(6).fill(255))).toBeCloseTo(0, 12);
});

test('gradient with class weights', async () => {
  const inputs = { labels: { shape: [2, 1, 3], values: [0, 255, 3, 2, 1, 1], integer: true } };
  await checkGradients(
    (ops, { labels }) => ({ loss: crossEntropy(ops, ops.parameter(logits), labels, [1, 100, 0.5, 7]) }),
    [logits],
    { inputs },
  );
});

import { SeedTree } from '@unseen/core';
import { Parameter } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { checkGradients, evaluate } from '../evaluate.suite.ts';
import { klDivergence } from './kl-divergence.ts';
import { labelMask, maskedMean } from './masked.ts';

test('maskedMean takes masks with and without a channel axis, and is 0 for an empty one', async () => {
  const result = await evaluate((ops) => {
    const x = ops.constant([1, 2, 3, 4, 5, 6], [3, 2]);
    return {
      perPosition: maskedMean(ops, x, ops.constant([1, 0, 1], [3])),
      column: maskedMean(ops, x, ops.constant([1, 0, 1], [3, 1])),
      full: maskedMean(ops, x, ops.constant([1, 0, 0, 1, 0, 0], [3, 2])),
      empty: maskedMean(ops, x, ops.constant([0, 0, 0], [3])),
    };
  });
  expect(result).toEqual({ perPosition: [3.5], column: [3.5], full: [2.5], empty: [0] });
});

test('labelMask is 1 exactly on the classes', async () => {
  const inputs = { labels: { shape: [2, 3], values: [0, 2, 3, 255, -1, 1], integer: true } };
  const { mask } = await evaluate((ops, { labels }) => ({ mask: labelMask(ops, labels, 3) }), { inputs });
  expect(mask).toEqual([1, 1, 0, 0, 0, 1]);
});

test('KL is ½ for μ = 1 and unit variance, 0 for the standard normal and for an empty mask', async () => {
  const result = await evaluate((ops) => {
    const [zero, one] = [0, 1].map((x) => ops.constant([x, x, x, x], [2, 2]));
    const mask = ops.constant([1, 0], [2]);
    return {
      shifted: klDivergence(ops, one, zero, mask),
      standard: klDivergence(ops, zero, zero, mask),
      wide: klDivergence(ops, zero, one, mask),
      empty: klDivergence(ops, one, one, ops.constant([0, 0], [2])),
    };
  });
  expect(result.shifted[0]).toBeCloseTo(0.5, 6);
  expect(result.standard[0]).toBeCloseTo(0, 6);
  expect(result.wide[0]).toBeCloseTo((Math.E - 2) / 2, 6);
  expect(result.empty[0]).toBeCloseTo(0, 6);
});

test('gradient of the KL', async () => {
  const random = new SeedTree(2).stream();
  const [mu, logVariance] = [0, 1].map(() => new Parameter([3, 2], { values: random.fillNormal(new Float32Array(6)) }));
  await checkGradients(
    (ops) => ({ loss: klDivergence(ops, ops.parameter(mu), ops.parameter(logVariance), ops.constant([1, 0, 1], [3])) }),
    [mu, logVariance],
  );
});

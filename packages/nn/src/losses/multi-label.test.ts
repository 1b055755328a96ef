import { expect, test } from 'vitest';
import { evaluate } from '../evaluate.suite.ts';
import { multiLabelSoftMargin } from './multi-label.ts';

const loss = async (logits: number[], targets: number[]) => {
  const shape = [logits.length / 2, 2];
  const inputs = { logits: { shape, values: logits }, targets: { shape, values: targets } };
  const { y } = await evaluate((ops, { logits, targets }) => ({ y: multiLabelSoftMargin(ops, logits, targets) }), {
    inputs,
  });
  return y[0];
};

test('softplus of the logits with the sign that is wrong, averaged over classes and positions', async () => {
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  const expected = (softplus(-0.5) + softplus(2) + softplus(-1) + softplus(3)) / 4;
  expect(await loss([0.5, 2, -1, -3], [1, 0, 0, 1])).toBeCloseTo(expected, 5);
});

test('log 2 where all logits are 0, whatever the labels', async () => {
  expect(await loss([0, 0], [1, 0])).toBeCloseTo(Math.log(2), 6);
  expect(await loss([0, 0], [0, 0])).toBeCloseTo(Math.log(2), 6);
});

test('large logits do not overflow', async () => {
  expect(await loss([500, -500], [0, 1])).toBeCloseTo(500, 2);
  expect(await loss([500, -500], [1, 0])).toBeCloseTo(0, 6);
});

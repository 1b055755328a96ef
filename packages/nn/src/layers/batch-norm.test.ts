import { SeedTree } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { checkGradients, evaluate } from '../evaluate.suite.ts';
import { BatchNorm, foldBatchNorm, movingStatistics, trackStatistics, updateStatistics } from './batch-norm.ts';
import { Conv2d } from './conv.ts';
import { DepthwiseConv2d } from './depthwise.ts';

const random = new SeedTree(0).stream();
const values = [...random.fillNormal(new Float32Array(2 * 3 * 3 * 2))].map((v, i) => 2 * v + (i % 2));
const x = { shape: [2, 3, 3, 2], values };

function norm(frozen = false, statistics: 'batch' | 'running' = 'batch'): BatchNorm {
  const bn = new BatchNorm({ channels: 2, epsilon: 1e-3, frozen, statistics });
  bn.scale.assign(Float32Array.of(1.5, -0.5));
  bn.shift.assign(Float32Array.of(0.25, 3));
  bn.runningMean.assign(Float32Array.of(0.5, -1));
  bn.runningVariance.assign(Float32Array.of(4, 0.25));
  return bn;
}

const statistics = (channel: number) => {
  const own = values.filter((_, i) => i % 2 === channel);
  const mean = own.reduce((a, b) => a + b) / own.length;
  return { mean, variance: own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length, count: own.length };
};

test.each([
  ['frozen, in training', true, true, 'batch'],
  ['not frozen, outside training', false, false, 'batch'],
  ['by the running statistics, in training', false, true, 'running'],
] as const)('%s: the affine of the running statistics', async (_, frozen, training, statistics) => {
  const bn = norm(frozen, statistics);
  expect([bn.scale.trainable, bn.shift.trainable]).toEqual([!frozen, !frozen]);
  const { y } = await evaluate((ops, { x }) => ({ y: bn.forward(ops, x) }), { inputs: { x }, training });
  y.forEach((value, i) => {
    const c = i % 2;
    const [scale, shift, mean, variance] = [
      [1.5, -0.5],
      [0.25, 3],
      [0.5, -1],
      [4, 0.25],
    ].map((pair) => pair[c]);
    expect(value).toBeCloseTo(((values[i] - mean) / Math.sqrt(variance + 1e-3)) * scale + shift, 4);
  });
});

test('in training: by the statistics of the batch, with gradients through them', async () => {
  const bn = norm();
  const { y } = await evaluate((ops, { x }) => ({ y: bn.forward(ops, x) }), { inputs: { x }, training: true });
  y.forEach((value, i) => {
    const { mean, variance } = statistics(i % 2);
    const scaled = ((values[i] - mean) / Math.sqrt(variance + 1e-3)) * bn.scale.values[i % 2];
    expect(value).toBeCloseTo(scaled + bn.shift.values[i % 2], 4);
  });
  const conv = new Conv2d({ inputs: 2, outputs: 2, seeds: new SeedTree(1) });
  await checkGradients(
    (ops, { x }) => ({ loss: ops.mean(ops.tanh(bn.forward(ops, conv.forward(ops, x)))) }),
    [conv.weight, bn.scale, bn.shift],
    { inputs: { x }, training: true },
  );
});

test.each([
  ['on the host', false],
  ['where the engine keeps them', true],
])('the running statistics follow the batches %s, by the unbiased variance; frozen ones stay', async (_, held) => {
  const [live, frozen] = [norm(), norm(true)];
  const norms = [frozen, live];
  const engine = await createEagerEngine('cpu');
  const executable = engine.compile({
    name: 'statistics',
    training: true,
    inputs: { x: { shape: x.shape, dtype: 'float32' } },
    describe: (ops, { x }) => {
      const tracked = trackStatistics(ops, norms, () => frozen.forward(ops, live.forward(ops, x)));
      return { outputs: { y: tracked.result, ...tracked.outputs } };
    },
  });
  const result = executable.run({ x: Float32Array.from(values) });
  const updater = held ? engine.updater(movingStatistics) : undefined;
  await updateStatistics(norms, result, { outputs: Object.keys(executable.outputs), momentum: 0.25, updater });
  if (held) expect([...live.runningMean.values]).toEqual([0.5, -1]);
  await engine.pull([live.runningMean, live.runningVariance]);
  for (const c of [0, 1]) {
    const { mean, variance, count } = statistics(c);
    expect(live.runningMean.values[c]).toBeCloseTo(0.75 * [0.5, -1][c] + 0.25 * mean, 5);
    const unbiased = (variance * count) / (count - 1);
    expect(live.runningVariance.values[c]).toBeCloseTo(0.75 * [4, 0.25][c] + 0.25 * unbiased, 4);
  }
  expect([...frozen.runningMean.values, ...frozen.runningVariance.values]).toEqual([0.5, -1, 4, 0.25]);
});

test.each([
  ['convolution', new Conv2d({ inputs: 2, outputs: 2, kernel: 3, seeds: new SeedTree(3) })],
  ['depthwise convolution', new DepthwiseConv2d({ channels: 2, kernel: 3, bias: true, seeds: new SeedTree(3) })],
])('folding into a %s gives the same numbers', async (_, conv) => {
  conv.bias!.assign(Float32Array.of(0.4, -0.7));
  const bn = norm(true);
  const before = await evaluate((ops, { x }) => ({ y: bn.forward(ops, conv.forward(ops, x)) }), { inputs: { x } });
  const { weight, bias } = foldBatchNorm(conv, bn);
  conv.weight.assign(weight);
  conv.bias!.assign(bias);
  const after = await evaluate((ops, { x }) => ({ y: conv.forward(ops, x) }), { inputs: { x } });
  for (const [i, value] of before.y.entries()) expect(after.y[i]).toBeCloseTo(value, 4);
});

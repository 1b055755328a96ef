import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { checkGradients, evaluate } from '../evaluate.suite.ts';
import { Conv2d } from './conv.ts';
import { GroupNorm } from './group-norm.ts';

const random = new SeedTree(0).stream();
const [n, positions, channels, groups] = [2, 6, 6, 3];
const values = [...random.fillNormal(new Float32Array(n * positions * channels))].map((v, i) => 2 * v + (i % 5));
const x = { shape: [n, 2, 3, channels], values };

test('each group of an image has mean 0 and variance 1 before scale and shift', async () => {
  const norm = new GroupNorm({ channels, groups, epsilon: 1e-3 });
  norm.scale.assign(Float32Array.from({ length: channels }, (_, c) => 1 + c / 4));
  norm.shift.assign(Float32Array.from({ length: channels }, (_, c) => c - 2));
  for (const training of [false, true]) {
    const { y } = await evaluate((ops, { x }) => ({ y: norm.forward(ops, x) }), { inputs: { x }, training });
    y.forEach((value, i) => {
      const [image, channel] = [Math.floor(i / (positions * channels)), i % channels];
      const groupOf = (j: number) => Math.floor((j % channels) / (channels / groups));
      const own = values.filter(
        (_, j) => Math.floor(j / (positions * channels)) === image && groupOf(j) === groupOf(channel),
      );
      const mean = own.reduce((a, b) => a + b) / own.length;
      const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length;
      const normal = (values[i] - mean) / Math.sqrt(variance + 1e-3);
      expect(value).toBeCloseTo(normal * (1 + channel / 4) + channel - 2, 4);
    });
  }
});

test('gradients flow through the statistics', async () => {
  const norm = new GroupNorm({ channels: 4, groups: 2 });
  norm.scale.assign(Float32Array.of(1.5, -0.5, 1, 0.7));
  const conv = new Conv2d({ inputs: channels, outputs: 4, seeds: new SeedTree(1) });
  await checkGradients(
    (ops, { x }) => ({ loss: ops.mean(ops.tanh(norm.forward(ops, conv.forward(ops, x)))) }),
    [conv.weight, norm.scale, norm.shift],
    { inputs: { x } },
  );
});

test('groups that do not divide the channels are refused', () => {
  expect(() => new GroupNorm({ channels: 6, groups: 4 })).toThrow('6 channels cannot be divided into 4 groups');
});

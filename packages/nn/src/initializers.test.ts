import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { constant, kaimingNormal, kaimingNormalFanOut, normal, uniformFanIn, xavierUniform } from './initializers.ts';

const random = () => new SeedTree(3).stream();
const deviation = (values: Float32Array) => {
  const mean = values.reduce((a, b) => a + b) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
};

test('Kaiming: deviation √(2 / fan-in), fan-in with the kernel and of one channel when depthwise', () => {
  expect(deviation(kaimingNormal([128, 64, 3, 3], random())) / Math.sqrt(2 / 576)).toBeCloseTo(1, 1.7);
  expect(deviation(kaimingNormal([4096, 1, 3, 3], random())) / Math.sqrt(2 / 9)).toBeCloseTo(1, 1.7);
  expect(deviation(kaimingNormal([300, 200], random())) / Math.sqrt(2 / 200)).toBeCloseTo(1, 1.7);
});

test('Xavier: uniform in ±√(6 / (fan-in + fan-out))', () => {
  const limit = Math.sqrt(6 / (856 + 256));
  const values = xavierUniform([256, 856], random());
  expect(values.reduce((a, b) => Math.max(a, b))).toBeGreaterThan(0.99 * limit);
  expect(values.every((x) => Math.abs(x) <= limit * (1 + 1e-6))).toBe(true);
  expect(deviation(values) / (limit / Math.sqrt(3))).toBeCloseTo(1, 1.7);
});

test('normal and constant', () => {
  expect(deviation(normal(0.01)([2000, 100], random())) / 0.01).toBeCloseTo(1, 1.7);
  expect(constant(0.01)([3], random())).toEqual(new Float32Array(3).fill(0.01));
});

test('Kaiming by the fan-out: deviation √(2 / (out · kernel²))', () => {
  expect(deviation(kaimingNormalFanOut([128, 64, 3, 3], random())) / Math.sqrt(2 / (9 * 128))).toBeCloseTo(1, 1.7);
  expect(deviation(kaimingNormalFanOut([200, 512, 1, 1], random())) / Math.sqrt(2 / 200)).toBeCloseTo(1, 1.7);
});

test('uniform in ±1/√fan-in', () => {
  const limit = 1 / Math.sqrt(64 * 9);
  const values = uniformFanIn([128, 64, 3, 3], random());
  expect(values.reduce((a, b) => Math.max(a, b))).toBeGreaterThan(0.99 * limit);
  expect(values.every((x) => Math.abs(x) <= limit * (1 + 1e-6))).toBe(true);
  expect(deviation(values) / (limit / Math.sqrt(3))).toBeCloseTo(1, 1.7);
});

import { expect, test } from 'vitest';
import { schedules } from './schedules.ts';

test('poly: rate · (1 - it / max)^.9, refreshed every 10 iterations', () => {
  const rate = schedules.poly({ rate: 2.5e-4, iterations: 40000, refreshEvery: 10 });
  expect([rate(0), rate(9)]).toEqual([2.5e-4, 2.5e-4]);
  expect(rate(10)).toBeCloseTo(2.49944e-4, 9);
  expect(rate(19)).toBe(rate(10));
  expect(rate(20000)).toBeCloseTo(1.33972e-4, 9);
  expect(rate(40000)).toBe(0);
  expect(() => rate(40001)).toThrow('beyond');
});

test('stepDecay: the λ-schedule of CaGNet on VOC', () => {
  const training = schedules.stepDecay({ rate: 2.5e-4, start: 10000, every: 5000, factor: 0.71 });
  expect(training(9999)).toBe(2.5e-4);
  expect(training(10000)).toBeCloseTo(1.775e-4, 12);
  expect(training(15000)).toBeCloseTo(1.26025e-4, 12);
  expect(training(39999)).toBeCloseTo(3.2025e-5, 9);
  const tuning = schedules.stepDecay({ rate: 5e-5, start: 3000, every: 1000, factor: 0.1 });
  expect(tuning(2999)).toBe(5e-5);
  expect(tuning(3000)).toBeCloseTo(5e-6, 15);
  expect(tuning(4000)).toBeCloseTo(5e-7, 15);
});

test('constant', () => {
  expect([0, 1e6].map(schedules.constant(0.1))).toEqual([0.1, 0.1]);
});

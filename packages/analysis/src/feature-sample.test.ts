import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { FeatureReservoir, joinFeatures, meanFeature } from './feature-sample.ts';

test('a reservoir keeps all while there is room, and copies', () => {
  const reservoir = new FeatureReservoir({ channels: 2, capacity: 3, random: new SeedTree(0).stream() });
  const map = Float32Array.from([1, 2, 3, 4]);
  reservoir.offer(map, 1);
  map.fill(0);
  expect(reservoir.sample).toEqual({ channels: 2, count: 1, features: Float32Array.from([3, 4]) });
});

test('every feature has the same chance of being kept', () => {
  const counts = new Array<number>(10).fill(0);
  const map = Float32Array.from({ length: 10 }, (_, i) => i);
  for (let seed = 0; seed < 2000; seed++) {
    const reservoir = new FeatureReservoir({ channels: 1, capacity: 4, random: new SeedTree(seed).stream() });
    for (let i = 0; i < 10; i++) reservoir.offer(map, i);
    expect(reservoir.offered).toBe(10);
    for (const value of reservoir.sample.features) counts[value]++;
  }
  // 800 each, with a standard deviation of 22.
  for (const count of counts) expect(Math.abs(count - 800)).toBeLessThan(110);
});

test('samples are joined, and have a mean', () => {
  const joined = joinFeatures([Float32Array.from([1, 2, 3, 4]), Float32Array.from([5, 9])], 2);
  expect(joined.count).toBe(3);
  expect([...meanFeature(joined)].map((value) => Number(value.toFixed(9)))).toEqual([3, 5]);
});

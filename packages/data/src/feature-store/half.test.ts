import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { fromHalves, LARGEST_HALF, toHalf } from './half.ts';

const ALL = Uint16Array.from({ length: 0x10000 }, (_, half) => half);
const isFiniteHalf = (half: number) => (half & 0x7c00) !== 0x7c00;

test('every finite half float comes back as it was', () => {
  const values = fromHalves(ALL);
  const finite = ALL.filter(isFiniteHalf);
  expect(finite.length).toBe(63_488);
  expect(finite.filter((half) => toHalf(values[half]) !== half)).toEqual(new Uint16Array());
  expect([values[0x3c00], values[0x7bff], values[0x0001], values[0xc000]]).toEqual([1, LARGEST_HALF, 2 ** -24, -2]);
});

test('other numbers go to the nearest, ties to even', () => {
  const values = fromHalves(ALL);
  const random = new SeedTree(1).stream();
  for (let i = 0; i < 5000; i++) {
    const half = random.integer(0x7bff);
    const [low, high] = [values[half], values[half + 1]];
    const middle = (low + high) / 2;
    const share = random.uniform();
    const value = Math.fround(low + share * (high - low));
    if (value === middle) continue;
    expect(toHalf(value)).toBe(value < middle ? half : half + 1);
    expect(toHalf(-value)).toBe((value < middle ? half : half + 1) | 0x8000);
    expect(toHalf(middle)).toBe(half % 2 === 0 ? half : half + 1);
  }
});

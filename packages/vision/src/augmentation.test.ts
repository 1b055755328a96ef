import { SeedTree } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { augment, checkSameSize, drawAugmentation } from './augmentation.ts';

const labels = (height: number, width: number, value = 3) => ({
  id: 'a',
  height,
  width,
  data: new Uint8Array(height * width).fill(value),
});
const image = (height: number, width: number, value = 0.5) => ({
  height,
  width,
  data: new Float32Array(3 * height * width).fill(value),
});

test('drawn crops lie inside, every result has the size of the crop', () => {
  const options = { base: 20, crop: 13, scale: [0.5, 1.5] } as const;
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), (seed, height) => {
      const choices = drawAugmentation(new SeedTree(seed).stream(), options);
      const out = augment(image(height, 17), labels(height, 17), choices, options);
      expect(out.image.data.length).toBe(13 * 13 * 3);
      expect(out.labels).toMatchObject({ id: 'a', height: 13, width: 13 });
    }),
  );
});

test('the crop may be larger than the base', () => {
  const options = { base: 8, crop: 12, scale: [1, 1] } as const;
  const choices = drawAugmentation(new SeedTree(1).stream(), options);
  const out = augment(image(8, 8), labels(8, 8), choices, options);
  // 8 in 12: two pixels of padding on every side.
  expect(out.labels.data.filter((v) => v === 255).length).toBe(12 * 12 - 8 * 8);
  expect(out.labels.data[2 * 12 + 2]).toBe(3);
  expect(out.image.data[0]).toBe(0);
});

test('16-bit labels are padded with 65535', () => {
  const wide = { ...labels(8, 8), data: new Uint16Array(64).fill(300) };
  const out = augment(image(8, 8), wide, { scale: 0.5, top: 0, left: 0, flip: false }, { base: 8, crop: 8 });
  expect(new Set(out.labels.data)).toEqual(new Set([65535, 300]));
});

test('all scales, positions and both flips occur; the same seed gives the same choices', () => {
  const options = { base: 10, crop: 8, scale: [0.5, 1.5] } as const;
  const stream = new SeedTree(3).stream();
  const drawn = Array.from({ length: 400 }, () => drawAugmentation(stream, options));
  const scales = drawn.map(({ scale }) => scale);
  expect(Math.min(...scales)).toBeLessThan(0.52);
  expect(Math.max(...scales)).toBeGreaterThan(1.48);
  expect(Math.max(...drawn.map(({ top }) => top))).toBe(7);
  const flips = drawn.filter(({ flip }) => flip).length;
  expect(flips).toBeGreaterThan(150);
  expect(flips).toBeLessThan(250);
  expect(drawAugmentation(new SeedTree(3).stream(), options)).toEqual(drawn[0]);
});

test('a mask of another size is refused with its name', () => {
  expect(() => checkSameSize(image(2, 3), labels(3, 2))).toThrow('a: a mask of 3x2 for an image of 2x3');
});

test('the profiles differ only where the scaled size was rounded', () => {
  const random = new SeedTree(4).stream();
  const input = { height: 9, width: 11, data: random.fillNormal(new Float32Array(9 * 11 * 3)) };
  const at = (scale: number, profile: 'default' | 'official') =>
    augment(input, labels(9, 11), { scale, top: 0, left: 0, flip: false }, { base: 13, crop: 8, profile }).image.data;
  expect(at(0.62, 'default')).not.toEqual(at(0.62, 'official'));
  expect(at(1, 'default')).toEqual(at(1, 'official'));
});

import { SeedTree } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { augmentShortSide, drawShortSideAugmentation } from './short-side-augmentation.ts';

const random = new SeedTree(8).stream();

test('the shorter side lies in its range, the aspect is kept, and the crop fits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 60 }), fc.integer({ min: 5, max: 60 }), (height, width) => {
      const options = { base: 20, crop: 16 };
      const { size, top, left, sigma } = drawShortSideAugmentation(random, { height, width }, options);
      const short = Math.min(...size);
      expect(short).toBeGreaterThanOrEqual(10);
      expect(short).toBeLessThanOrEqual(40);
      expect(Math.abs(Math.max(...size) - (short * Math.max(height, width)) / Math.min(height, width))).toBeLessThan(1);
      expect(top + 16).toBeLessThanOrEqual(Math.max(16, size[0]));
      expect(left + 16).toBeLessThanOrEqual(Math.max(16, size[1]));
      expect(sigma).toBeGreaterThanOrEqual(0);
      expect(sigma).toBeLessThan(1);
    }),
  );
});

test('flips and blurs happen as often as asked', () => {
  const draw = (options: object) => drawShortSideAugmentation(random, { height: 9, width: 9 }, options);
  for (let i = 0; i < 20; i++) {
    expect(draw({ flip: 0, blur: 0 })).toMatchObject({ flip: false, sigma: 0 });
    expect(draw({ flip: 1, blur: 1 }).flip).toBe(true);
  }
});

const image = { height: 2, width: 3, data: Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((x) => [x, x, x])) };
const labels = { height: 2, width: 3, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) };

test('image and labels are flipped, padded below and to the right, and cropped alike', () => {
  const choices = { flip: true, size: [2, 3] as const, top: 0, left: 0, sigma: 0 };
  const { image: pixels, labels: classes } = augmentShortSide(image, labels, choices, { crop: 3 });
  expect([...classes.data]).toEqual([3, 2, 1, 6, 5, 4, 255, 255, 255]);
  expect([...pixels.data].filter((_, i) => i % 3 === 0)).toEqual([3, 2, 1, 6, 5, 4, 0, 0, 0]);
});

test('a mask of another size is refused', () => {
  const choices = { flip: false, size: [2, 3] as const, top: 0, left: 0, sigma: 0 };
  expect(() => augmentShortSide(image, { height: 1, width: 1, data: new Uint8Array(1) }, choices)).toThrow(
    'a mask of 1x1',
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crop, flipHorizontal, padCentred } from './geometry.ts';

const raster = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 3 }))
  .map(([height, width, channels]) => ({
    height,
    width,
    data: Float32Array.from({ length: height * width * channels }, (_, i) => i + 1),
  }));

test('padding puts the smaller half of an odd margin at top left, and nothing else changes', () => {
  const padded = padCentred({ id: 'm', height: 1, width: 2, data: Uint8Array.of(1, 2) }, 2, 5, 9);
  expect(padded).toEqual({ id: 'm', height: 2, width: 5, data: Uint8Array.of(9, 1, 2, 9, 9, 9, 9, 9, 9, 9) });
});

test('cropping a padded raster at its margins gives the raster back', () => {
  fc.assert(
    fc.property(raster, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), (source, dy, dx) => {
      const padded = padCentred(source, source.height + dy, source.width + dx, -1);
      const back = crop(padded, Math.floor(dy / 2), Math.floor(dx / 2), source.height, source.width);
      expect(back).toEqual(source);
    }),
  );
});

test('padding never shrinks', () => {
  const source = { height: 3, width: 2, data: new Uint8Array(6) };
  expect(padCentred(source, 2, 4, 1)).toMatchObject({ height: 3, width: 4 });
  expect(padCentred(source, 1, 1, 1)).toBe(source);
});

test('a flip keeps the channels of a pixel together and undoes itself', () => {
  const flipped = flipHorizontal({ height: 1, width: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  expect([...flipped.data]).toEqual([4, 5, 6, 1, 2, 3]);
  fc.assert(
    fc.property(raster, (source) => {
      expect(flipHorizontal(flipHorizontal(source))).toEqual(source);
    }),
  );
});

test('a crop outside the raster is refused', () => {
  const source = { height: 3, width: 3, data: new Uint8Array(9) };
  expect(() => crop(source, 1, 0, 3, 3)).toThrow('a crop of 3x3 at (1, 0)');
  expect(() => crop(source, 0, -1, 1, 1)).toThrow('a region inside 3x3');
});

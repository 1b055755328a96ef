import { UserError } from '@unseen/core';
import { encodeIndexedPng } from '@unseen/formats';
import { resizeBilinear, resizeNearest } from '@unseen/vision';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isResampled } from './checks/mask-files.ts';
import { countValues, edgeFacts, maskFileFacts } from './mask-facts.ts';

test('values are counted in increasing order, of 16 bits too', () => {
  expect(countValues(Uint8Array.of(9, 0, 9, 255))).toEqual([[0, 1], [9, 2], [255, 1]]); // biome-ignore format: pairs
  expect(countValues(Uint16Array.of(300, 2, 300))).toEqual([[2, 1], [300, 2]]); // biome-ignore format: pairs
});

test('pixels along edges, between their neighbours and alone are told apart', () => {
  const known = new Set([1, 5]);
  const inner = (...values: number[]) => edgeFacts(3, values.length / 3, Uint8Array.from(values), known);
  expect(inner(1, 1, 1, 1, 1, 1, 1, 1, 1)).toEqual({ edges: 0, between: 0, lonely: 0, distinct: 0, strange: 0 });
  expect(inner(1, 1, 1, 1, 1, 9, 1, 1, 9)).toEqual({ edges: 1, between: 0, lonely: 0, distinct: 0, strange: 0 });
  expect(inner(1, 1, 9, 1, 5, 9, 1, 5, 9)).toEqual({ edges: 1, between: 1, lonely: 0, distinct: 1, strange: 0 });
  expect(inner(1, 1, 9, 1, 5, 9, 1, 1, 9)).toEqual({ edges: 1, between: 1, lonely: 1, distinct: 1, strange: 0 });
  expect(inner(1, 1, 1, 1, 9, 1, 1, 1, 1)).toEqual({ edges: 1, between: 0, lonely: 1, distinct: 0, strange: 1 });
});

// Between ids close to each other there may be too few values to tell.
test('masks of discs resized by nearest neighbour pass, resized like photos they do not where ids are far apart', () => {
  const scene = fc.record({
    size: fc.integer({ min: 40, max: 90 }),
    to: fc.integer({ min: 60, max: 120 }),
    disc: fc.constantFrom(9, 40, 180),
    x: fc.integer({ min: 15, max: 25 }),
  });
  fc.assert(
    fc.property(scene, ({ size, to, disc, x }) => {
      const inside = (i: number) => Math.hypot((i % size) - x, Math.floor(i / size) - x) < 12;
      const mask = { height: size, width: size, data: Uint8Array.from({ length: size * size }, (_, i) => (inside(i) ? disc : 3)) }; // biome-ignore format: one picture
      const smooth = Uint8Array.from(resizeBilinear(mask, to, to).data, Math.round);
      const known = new Set([3, disc]);
      expect(isResampled(edgeFacts(to, to, resizeNearest(mask, to, to).data, known))).toBe(false);
      if (to !== size && disc >= 40) expect(isResampled(edgeFacts(to, to, smooth, known))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('cracks and contours one pixel thin pass, alone and between other classes', () => {
  const scene = fc.record({
    size: fc.integer({ min: 24, max: 60 }),
    thin: fc.array(fc.record({ at: fc.nat(59), step: fc.integer({ min: 3, max: 9 }) }), { minLength: 2, maxLength: 5 }),
    radius: fc.integer({ min: 5, max: 10 }),
  });
  const known = new Set([0, 1, 2]);
  fc.assert(
    fc.property(scene, ({ size, thin, radius }) => {
      const cracks = new Uint8Array(size * size);
      for (const { at, step } of thin) {
        for (let x = 1; x < size - 1; x++) cracks[((at + Math.abs((x % (2 * step)) - step)) % size) * size + x] = 1;
      }
      expect(isResampled(edgeFacts(size, size, cracks, known))).toBe(false);
      const contours = Uint8Array.from({ length: size * size }, (_, i) => {
        const beyond = Math.hypot((i % size) - size / 2, Math.floor(i / size) - size / 2) - radius;
        return beyond > 0 ? 0 : beyond > -1.2 ? 1 : 2;
      });
      expect(isResampled(edgeFacts(size, size, contours, known))).toBe(false);
    }),
    { numRuns: 40 },
  );
});

test('damaged masks are user errors, whatever is damaged', () => {
  const palette = [[0, 0, 0], [9, 9, 9]] as const; // biome-ignore format: two colours
  const data = Uint8Array.from({ length: 600 }, (_, i) => (i % 7) % 2);
  const whole = encodeIndexedPng({ height: 20, width: 30, data, palette });
  const change = fc.record({
    end: fc.integer({ min: 0, max: whole.length }),
    at: fc.integer({ min: 0, max: whole.length - 1 }),
    by: fc.integer({ min: 1, max: 255 }),
  });
  fc.assert(
    fc.property(change, ({ end, at, by }) => {
      const bytes = whole.slice(0, end);
      if (at < end) bytes[at] ^= by;
      try {
        const { kind } = maskFileFacts(bytes, 'mask.png', { colors: new Set(), known: new Set(), palettes: new Map() });
        // Two bytes make a file JPEG's.
        expect(kind === 'jpeg' || (end === whole.length && at >= end)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as UserError).message).toContain('mask.png');
      }
    }),
    { numRuns: 300 },
  );
});

test('equal palettes are one object', () => {
  const context = { colors: new Set<number>(), known: new Set<number>(), palettes: new Map() };
  const palette = [[0, 0, 0], [9, 9, 9]] as const; // biome-ignore format: two colours
  const file = () => encodeIndexedPng({ height: 1, width: 2, data: Uint8Array.of(0, 1), palette });
  const [a, b] = [maskFileFacts(file(), 'a', context), maskFileFacts(file(), 'b', context)];
  expect(a.palette).toEqual(palette);
  expect(b.palette).toBe(a.palette);
});

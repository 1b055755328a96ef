import { SeedTree } from '@unseen/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupPixels, type PixelGroups } from './group-pixels.ts';

const rowsOf = ({ indices, mask, groups, samples }: PixelGroups) =>
  Array.from({ length: groups }, (_, g) =>
    Array.from({ length: samples }, (_, i) => g * samples + i)
      .filter((at) => mask[at] === 1)
      .map((at) => indices[at]),
  );

test('classes: one group for each that is present', () => {
  const groups = groupPixels([2, 0, 255, 2, 0, 0], { by: 'class', classes: 3 });
  expect(rowsOf(groups)).toEqual([
    [1, 4, 5],
    [0, 3],
  ]);
  expect([groups.groups, groups.samples, groups.leftOut]).toEqual([2, 3, 0]);
});

test('runs: ignored pixels are left out before runs are formed', () => {
  const groups = groupPixels([1, 1, 255, 1, 0, 7, 1], { by: 'run', classes: 2 });
  expect(rowsOf(groups)).toEqual([[0, 1, 3], [4], [6]]);
});

test('an unlabelled batch gives one empty group', () => {
  const groups = groupPixels([255, 255], { by: 'class', classes: 3 });
  expect([groups.groups, groups.samples, ...groups.mask]).toEqual([1, 1, 0]);
});

test('samples and groups are capped: distinct rows of the right class, what has no place is counted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 60 }),
      fc.constantFrom('class' as const, 'run' as const),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      (labels, by, maxSamples, maxGroups) => {
        const all = rowsOf(groupPixels(labels, { by, classes: 5 })).filter((rows) => rows.length > 0);
        const random = new SeedTree(1).stream();
        const capped = groupPixels(labels, { by, classes: 5, maxSamples, maxGroups, random });
        const rows = rowsOf(capped).filter((group) => group.length > 0);
        expect(new Set(capped.indices).size).toBe(maxGroups * maxSamples);
        expect(rows.length + capped.leftOut).toBe(all.length);
        for (const group of rows) {
          const source = all.find((candidate) => candidate.includes(group[0]))!;
          expect(new Set(group).size).toBe(Math.min(source.length, maxSamples));
          expect(group.every((row) => source.includes(row))).toBe(true);
        }
      },
    ),
  );
});

test('every pixel is drawn equally often', () => {
  const random = new SeedTree(5).stream();
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 4000; i++) {
    const [rows] = rowsOf(groupPixels(new Array(10).fill(0), { by: 'class', classes: 1, maxSamples: 3, random }));
    for (const row of rows) counts[row]++;
  }
  for (const count of counts) expect(Math.abs(count - 1200)).toBeLessThan(150);
});

import { SeedTree, UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelPrior } from '../label-prior.ts';
import { cutPatches, drawCategories, fillPatches, mixPatches, purePatches } from './label-patches.ts';

const _ = 255;
const map = (rows: readonly (readonly number[])[]) => ({
  height: rows.length,
  width: rows[0].length,
  data: Uint8Array.from(rows.flat()),
});

test('blocks do not overlap, empty ones and the rest at the edges are dropped', () => {
  const { size, count, labels } = cutPatches(
    map([
      [1, 1, 1, _, _, _, 3, 3],
      [1, 2, 1, _, _, _, 3, 3],
      [1, 1, 1, _, _, _, 3, 3],
      [_, _, _, _, 4, _, 3, 3],
      [_, _, 5, _, _, _, 3, 3],
      [_, _, _, _, _, _, 3, 3],
      [9, 9, 9, 9, 9, 9, 9, 9],
    ]),
    3,
  );
  expect({ size, count }).toEqual({ size: 3, count: 3 });
  expect([...labels]).toEqual([1, 1, 1, 1, 2, 1, 1, 1, 1, _, _, _, _, _, 5, _, _, _, _, 4, _, _, _, _, _, _, _]);
});

test('unlabelled pixels of a 3x3 patch take the label of a direct neighbour, above before left before right', () => {
  const labels = Uint8Array.from([1, _, 2, _, _, _, 3, _, _]);
  const filled = fillPatches({ size: 3, count: 1, labels });
  expect([...filled.labels]).toEqual([1, 1, 2, 1, _, 2, 3, 3, _]);
});

test('a patch of 5x5 is filled twice', () => {
  const labels = new Uint8Array(25).fill(_);
  labels[12] = 7;
  const filled = fillPatches({ size: 5, count: 1, labels });
  // All within two steps of the centre.
  const expected = Array.from({ length: 25 }, (_v, i) =>
    Math.abs(Math.floor(i / 5) - 2) + Math.abs((i % 5) - 2) <= 2 ? 7 : _,
  );
  expect([...filled.labels]).toEqual(expected);
});

test('patches are filled apart from each other, and labels that exist stay', () => {
  const patches = fc.array(fc.constantFrom(0, 1, 2, _, _), { minLength: 18, maxLength: 18 });
  fc.assert(
    fc.property(patches, (values) => {
      const labels = Uint8Array.from(values);
      const both = fillPatches({ size: 3, count: 2, labels }).labels;
      const second = fillPatches({ size: 3, count: 1, labels: labels.slice(9) }).labels;
      expect([...both.slice(9)]).toEqual([...second]);
      values.forEach((label, i) => {
        if (label !== _) expect(both[i]).toBe(label);
        else if (both[i] !== _) expect(values.slice(i < 9 ? 0 : 9, i < 9 ? 9 : 18)).toContain(both[i]);
      });
    }),
  );
});

test('the category of a patch is one that it shows', () => {
  const labels = Uint8Array.from([_, _, _, _, 4, _, _, _, _, 1, 2, 1, 2, _, _, _, _, _]);
  const random = new SeedTree(0).stream();
  const drawn = Array.from({ length: 40 }, () => [...drawCategories({ size: 3, count: 2, labels }, random)]);
  expect(new Set(drawn.map(([first]) => first))).toEqual(new Set([4]));
  expect(new Set(drawn.map(([, second]) => second))).toEqual(new Set([1, 2]));
  expect(() => drawCategories({ size: 1, count: 1, labels: Uint8Array.from([_]) }, random)).toThrow(UserError);
});

test('of more than 255 classes, 255 is one of them and 65535 is unlabelled', () => {
  const none = 0xffff;
  const data = Uint16Array.of(none, 255, none, none, none, none, 299, none, none, none, none, none);
  const patches = cutPatches({ height: 3, width: 4, data }, 3);
  expect(patches).toEqual({
    size: 3,
    count: 1,
    labels: Uint16Array.of(none, 255, none, none, none, 299, none, none, none),
  });
  const filled = Uint16Array.of(255, 255, 255, none, 255, 299, none, none, 299);
  expect(fillPatches(patches).labels).toEqual(filled);
  const random = new SeedTree(0).stream();
  const drawn = Array.from({ length: 20 }, () => drawCategories(patches, random)[0]);
  expect(new Set(drawn)).toEqual(new Set([255, 299]));
  const pure = purePatches({ size: 3, count: 1 }, labelPrior({ seen: 299, unseen: 1, unseenProbability: 1 }), random);
  expect(pure.labels).toEqual(new Uint16Array(9).fill(299));
  expect(mixPatches([pure, pure], random).labels).toEqual(new Uint16Array(18).fill(299));
});

import { type RunLengths, UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Box, boxOverlaps, maskOverlaps } from './overlaps.ts';

/** Run lengths of a mask that is already in their order. */
function runsOf(mask: readonly boolean[]): RunLengths {
  const runs = [0];
  mask.forEach((inside, i) => {
    if (inside !== (i > 0 && mask[i - 1])) runs.push(0);
    runs[runs.length - 1]++;
  });
  return runs;
}

const masks = fc.integer({ min: 1, max: 40 }).chain((size) => {
  const mask = fc.array(fc.boolean(), { minLength: size, maxLength: size });
  return fc.record({ a: fc.array(mask, { maxLength: 3 }), b: fc.array(mask, { maxLength: 3 }), ignore: mask });
});

test('masks overlap as counting their pixels says, with void pixels left out of both', () => {
  fc.assert(
    fc.property(masks, fc.boolean(), ({ a, b, ignore }, withVoid) => {
      const expected = a.flatMap((one) =>
        b.map((other) => {
          const counted = one.map((_, i) => !withVoid || !ignore[i]);
          const common = one.filter((inside, i) => counted[i] && inside && other[i]).length;
          const union = one.filter((inside, i) => counted[i] && (inside || other[i])).length;
          return union > 0 ? common / union : 0;
        }),
      );
      const found = maskOverlaps(a.map(runsOf), b.map(runsOf), withVoid ? runsOf(ignore) : undefined);
      expect([...found]).toEqual(expected);
    }),
  );
});

test('masks of images of two sizes are refused', () => {
  expect(() => maskOverlaps([[0, 4]], [[0, 5]])).toThrow(UserError);
  expect(() => maskOverlaps([[0, 4]], [[0, 4]], [3])).toThrow('4 and 3 pixels');
});

const box = fc
  .tuple(...([0, 1, 2, 3] as const).map(() => fc.nat(9)))
  .map(([x0, y0, x1, y1]): Box => [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)]);

test('boxes overlap as their pixels do', () => {
  const pixels = ([x0, y0, x1, y1]: Box, last: number) => {
    const inside = new Set<number>();
    for (let y = y0; y < y1 + last; y++) for (let x = x0; x < x1 + last; x++) inside.add(y * 16 + x);
    return inside;
  };
  fc.assert(
    fc.property(box, box, fc.boolean(), (a, b, inclusive) => {
      const [one, other] = [a, b].map((corners) => pixels(corners, inclusive ? 1 : 0));
      const union = new Set([...one, ...other]).size;
      const common = one.size + other.size - union;
      expect([...boxOverlaps([a], [b], { inclusive })]).toEqual([union > 0 ? common / union : 0]);
    }),
  );
});

test('rows are those of the first list', () => {
  const boxes: Box[] = [
    [0, 0, 2, 2],
    [0, 0, 4, 2],
    [9, 9, 10, 10],
  ];
  expect([...boxOverlaps(boxes, boxes.slice(0, 2))]).toEqual([1, 0.5, 0.5, 1, 0, 0]);
});

import { decodeRunLengths, encodeRunLengths } from '@unseen/vision';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { annotatedInstances } from './instances.ts';

test('runs and boxes are those of the mask of every object', () => {
  const map = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([height, width]) =>
    fc.record({
      height: fc.constant(height),
      width: fc.constant(width),
      ids: fc.array(fc.nat(3), { minLength: height * width, maxLength: height * width }),
    }),
  );
  fc.assert(
    fc.property(map, ({ height, width, ids }) => {
      const found = annotatedInstances(ids, height, width, new Map([[3, 30], [1, 10], [9, 90]])); // biome-ignore format: a table
      const present = [3, 1].filter((id) => ids.includes(id));
      expect(found.map(({ classId }) => classId)).toEqual(present.map((id) => 10 * id));
      found.forEach(({ mask, box }, i) => {
        const wanted = ids.map((id) => Number(id === present[i]));
        expect(mask).toEqual(encodeRunLengths(wanted, height, width));
        expect([...decodeRunLengths(mask, height, width)]).toEqual(wanted);
        const inside = wanted.flatMap((v, place) => (v ? [[place % width, Math.floor(place / width)]] : []));
        const [xs, ys] = [inside.map(([x]) => x), inside.map(([, y]) => y)];
        expect(box).toEqual([Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1]);
      });
    }),
  );
});

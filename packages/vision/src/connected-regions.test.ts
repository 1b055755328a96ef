import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectedRegions } from './connected-regions.ts';

test('pixels that touch at a side are one region, those that touch at a corner are not', () => {
  const data = Uint8Array.from([1, 1, 2, 2, 1, 1, 1, 2, 1]);
  const { regions, sizes } = connectedRegions({ height: 3, width: 3, data });
  expect([...regions]).toEqual([0, 0, 1, 2, 0, 0, 3, 4, 0]);
  expect(sizes).toEqual([5, 1, 1, 1, 1]);
});

test('regions cover the map, and neighbours of one label are in one region', () => {
  const maps = fc.integer({ min: 1, max: 7 }).chain((width) =>
    fc.record({
      width: fc.constant(width),
      rows: fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 7,
      }),
    }),
  );
  fc.assert(
    fc.property(maps, ({ width, rows }) => {
      const data = Uint8Array.from(rows.flat());
      const { regions, sizes } = connectedRegions({ height: rows.length, width, data });
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(data.length);
      for (let i = 0; i < data.length; i++) {
        for (const j of [...(i % width < width - 1 ? [i + 1] : []), ...(i + width < data.length ? [i + width] : [])]) {
          expect(regions[i] === regions[j]).toBe(data[i] === data[j]);
        }
      }
    }),
  );
});

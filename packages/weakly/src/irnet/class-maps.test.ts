import { expect, test } from 'vitest';
import { combineClassMaps, scaledSize } from './class-maps.ts';

test('sizes at a scale are rounded, halves to the even side', () => {
  expect(scaledSize([75, 93], 1.5)).toEqual([112, 140]);
  expect(scaledSize([75, 93], 0.5)).toEqual([38, 46]);
  expect(scaledSize([64, 61], 0.3)).toEqual([19, 18]);
});

/** A map of two channels: a ramp over the rows from 0 to 1, and a constant. */
function ramp(height: number, width: number, level: number) {
  const data = new Float32Array(height * width * 2);
  for (let i = 0; i < height * width; i++) {
    data[2 * i] = Math.floor(i / width) / (height - 1);
    data[2 * i + 1] = level;
  }
  return { height, width, channels: 2, data };
}

test('maps of several scales on the grids of 4×4 pixels and of pixels, each class from 0 to 1', () => {
  const maps = [ramp(3, 2, 0.25), ramp(6, 4, 3)];
  const { strided, full } = combineClassMaps(maps, { id: 'a', size: [41, 27], classes: [{ trainId: 0, id: 7 }] });
  expect([strided.id, strided.size, strided.classes, strided.grid]).toEqual(['a', [41, 27], [7], 'stride4']);
  expect(full.grid).toBe('full');
  expect(strided.data).toHaveLength(11 * 7);
  expect(full.data).toHaveLength(41 * 27);
  expect(strided.data[0]).toBe(0);
  expect(Math.max(...strided.data)).toBeCloseTo(1, 4);
  // 48 rows of pixels are computed, of which those of the image are kept: of the last, 7 / 8 lie above them.
  const lastRow = full.data[40 * 27];
  expect(lastRow).toBeCloseTo(Math.max(...full.data), 6);
  expect(full.data[20 * 27]).toBeLessThan(0.6);
  expect(full.data[20 * 27]).toBeGreaterThan(0.3);
});

test('classes come in the order that was asked for, each divided by its own largest value', () => {
  const classes = [
    { trainId: 1, id: 4 },
    { trainId: 0, id: 2 },
  ];
  const { strided } = combineClassMaps([ramp(4, 4, 0.25)], { id: 'a', size: [16, 16], classes });
  expect(strided.classes).toEqual([4, 2]);
  const [constant, slope] = [strided.data.subarray(0, 16), strided.data.subarray(16)];
  for (const value of constant) expect(value).toBeCloseTo(0.25 / (0.25 + 1e-5), 6);
  expect([...slope].map((value) => Math.round(value * 3))).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
});

test('a class that is nowhere stays 0', () => {
  const map = { height: 2, width: 2, channels: 1, data: new Float32Array(4) };
  const { full } = combineClassMaps([map], { id: 'a', size: [5, 5], classes: [{ trainId: 0, id: 1 }] });
  expect([...full.data]).toEqual(Array(25).fill(0));
});

import { UserError } from '@unseen/core';
import { encodeRunLengths } from '@unseen/vision';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCompressedRunLengths, encodeCompressedRunLengths } from './compressed-run-lengths.ts';
import { fillPolygon } from './polygon.ts';
import { readRegion } from './region.ts';

describe('compressed run lengths', () => {
  test('what the COCO API writes for small masks', () => {
    // Worked out by hand from the format: digits of 5 bits from '0' on, 32 more for "more follows", differences from the fourth run on.
    expect(encodeCompressedRunLengths([6, 1, 40, 4, 5, 4, 5, 4, 21])).toBe('61X13mN000`0');
    expect(decodeCompressedRunLengths('61X13mN000`0', 'x')).toEqual([6, 1, 40, 4, 5, 4, 5, 4, 21]);
  });

  test('any runs come back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000_000)), (runs) => {
        expect(decodeCompressedRunLengths(encodeCompressedRunLengths(runs), 'x')).toEqual(runs);
      }),
    );
  });

  test('other text is refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        try {
          expect(decodeCompressedRunLengths(text, 'x').every((run) => run >= 0)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 400 },
    );
    expect(() => decodeCompressedRunLengths('1P', 'x')).toThrow('cannot be read at character 3');
    expect(() => decodeCompressedRunLengths('oooooooo1', 'x')).toThrow(UserError);
  });
});

describe('polygons', () => {
  const filled = (polygon: readonly number[], height = 4, width = 5) => {
    const mask = new Uint8Array(height * width);
    fillPolygon(mask, height, width, polygon);
    return Array.from({ length: height }, (_, y) => mask.subarray(y * width, (y + 1) * width).join(''));
  };

  test('pixels whose centres are inside', () => {
    expect(filled([1, 1, 4, 1, 4, 3, 1, 3])).toEqual(['00000', '01110', '01110', '00000']);
    expect(filled([0.6, 0, 2.4, 0, 2.4, 4, 0.6, 4])).toEqual(['01000', '01000', '01000', '01000']);
    expect(filled([0, 0, 4, 0, 0, 4])).toEqual(['11100', '11000', '10000', '00000'].map((row) => row));
  });

  test('outside of the image nothing happens; a crossing polygon follows the even-odd rule', () => {
    expect(filled([-9, -9, 99, -9, 99, 99, -9, 99])).toEqual(['11111', '11111', '11111', '11111']);
    expect(filled([9, 9, 12, 9, 12, 12])).toEqual(['00000', '00000', '00000', '00000']);
    expect(filled([0, 0, 5, 0, 5, 4, 0, 4, 0, 0, 3, 0, 3, 2, 0, 2])).toEqual(['00011', '00011', '11111', '11111']);
  });

  test('every centre is where the winding of the outline says', () => {
    const point = fc.tuple(fc.integer({ min: -8, max: 56 }), fc.integer({ min: -8, max: 48 }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 3, maxLength: 3 }), (corners) => {
        // Eighths that no centre has, so that none lies on an edge's end.
        const triangle = corners.map(([x, y]) => [x / 8 + 1 / 64, y / 8 + 1 / 64]);
        const rows = filled(triangle.flat());
        const side = (a: number[], b: number[], x: number, y: number) =>
          (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
        rows.forEach((row, y) => {
          [...row].forEach((value, x) => {
            const sides = triangle.map((a, i) => side(a, triangle[(i + 1) % 3], x + 0.5, y + 0.5));
            if (sides.some((s) => Math.abs(s) < 1e-9)) return;
            const inside = sides.every((s) => s > 0) || sides.every((s) => s < 0);
            expect(value).toBe(inside ? '1' : '0');
          });
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('regions', () => {
  const image = { id: 'x', height: 2, width: 3 };
  const region = (annotation: object) => readRegion({ category_id: 5, ...annotation }, image, 'f.json');

  test('polygons are united; run lengths plain and compressed', () => {
    const polygons = region({ segmentation: [[0, 0, 1, 0, 1, 2, 0, 2], [0, 0, 3, 0, 3, 1, 0, 1]] }); // biome-ignore format: two boxes
    const common = { category: 5, crowd: false, outlined: true };
    expect(polygons).toEqual({ ...common, mask: Uint8Array.of(1, 1, 1, 1, 0, 0), area: 4 });
    const counts = encodeRunLengths([1, 1, 1, 1, 0, 0], 2, 3);
    for (const iscrowd of [1, true]) {
      expect(region({ iscrowd, segmentation: { size: [2, 3], counts } })).toEqual({ ...polygons, crowd: true });
    }
    expect(region({ iscrowd: false, segmentation: { size: [2, 3], counts } })).toEqual(polygons);
    const text = encodeCompressedRunLengths(counts);
    expect(region({ segmentation: { size: [2, 3], counts: text } })).toEqual(polygons);
  });

  test('without an outline, the region is what the box touches, or the image', () => {
    const where = (more: object) => {
      const { outlined, mask } = region(more);
      return [outlined, mask.join('')];
    };
    expect(where({ segmentation: [], bbox: [0.5, 0.5, 1, 1] })).toEqual([false, '110110']);
    expect(where({ segmentation: [[1, 2, 3]], bbox: [2, 1, 9, 9] })).toEqual([false, '000001']);
    expect(where({ bbox: [-3, 0, 1, 1] })).toEqual([false, '000000']);
    expect(where({ segmentation: null })).toEqual([false, '111111']);
  });

  test('what is no annotation is told with its place', () => {
    const refused = (annotation: object, message: RegExp) => expect(() => region(annotation)).toThrow(message);
    refused({ segmentation: [['1', 2, 3]] }, /f\.json, image 'x': 'segmentation/);
    refused({ segmentation: { size: [3, 2], counts: [6] } }, /run lengths of 3x2, in an image of 2x3/);
    refused({ id: 7, segmentation: { size: [2, 3], counts: [5] } }, /'x', annotation 7: .* run lengths of 5 pixels/);
    refused({ segmentation: { size: [2, 3], counts: '' } }, /image 'x': .* run lengths of 0 pixels, .* export the/);
    refused({ id: 7, segmentation: [[0, 0, 2, 0, 2, 2], [0, null, 1]] }, /annotation 7: .* no list of numbers \(\[0,null,1\]\)/); // biome-ignore format: a table
    refused({ segmentation: [0, 1, '2'] }, /no list of numbers \(\[0,1,"2"\]\)/);
    refused({ segmentation: [[0, 0, 2, 0, 2, 2], 5] }, /no list of numbers \(5\)/); // biome-ignore format: a table
    refused({ category_id: -1, segmentation: [] }, /'category_id'/);
    refused({ segmentation: { size: [2, 3], counts: '~' } }, /image 'x': the run lengths cannot be read/);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { haveFixtures, openFixture } from './fixtures.suite.ts';
import { resizeBilinear, resizeNearest, resizeRgb } from './resize.ts';

describe('bilinear', () => {
  test('half-pixel centres with repeated edges', () => {
    const row = { height: 1, width: 2, data: Float32Array.of(0, 4) };
    expect([...resizeBilinear(row, 1, 4).data]).toEqual([0, 1, 3, 4]);
    // Shrinking takes the two nearest pixels only: no antialiasing.
    const long = { height: 1, width: 6, data: Float32Array.of(0, 0, 10, 20, 0, 0) };
    expect([...resizeBilinear(long, 1, 2).data]).toEqual([0, 0]);
    expect([...resizeBilinear(long, 1, 3).data]).toEqual([0, 15, 0]);
  });

  test('a linear ramp stays one, a constant stays constant, in every channel', () => {
    const size = fc.integer({ min: 2, max: 12 });
    fc.assert(
      fc.property(size, size, size, size, (h, w, h2, w2) => {
        const data = new Float32Array(h * w * 3);
        for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) data.set([y + 0.5, x + 0.5, 7], (y * w + x) * 3);
        const out = resizeBilinear({ height: h, width: w, data }, h2, w2).data;
        for (let y = 0; y < h2; y++) {
          for (let x = 0; x < w2; x++) {
            const clamp = (v: number, n: number) => Math.min(Math.max(v, 0.5), n - 0.5);
            const at = (y * w2 + x) * 3;
            expect(out[at]).toBeCloseTo(clamp(((y + 0.5) * h) / h2, h), 4);
            expect(out[at + 1]).toBeCloseTo(clamp(((x + 0.5) * w) / w2, w), 4);
            expect(out[at + 2]).toBe(7);
          }
        }
      }),
    );
  });

  test('a size or data that does not fit is told', () => {
    const row = { height: 1, width: 2, data: Float32Array.of(0, 4) };
    expect(() => resizeBilinear(row, 0, 4)).toThrow('a size of 0x4');
    expect(() => resizeBilinear(row, 1.5, 4)).toThrow('positive whole numbers');
    expect(() => resizeBilinear({ ...row, width: 3 }, 1, 4)).toThrow('2 values for a 1x3 grid');
  });
});

describe('nearest', () => {
  test('source = floor(destination · in / out)', () => {
    const labels = { id: 'a', height: 1, width: 5, data: Uint8Array.of(0, 1, 2, 3, 4) };
    const out = resizeNearest(labels, 1, 3);
    expect([...out.data]).toEqual([0, 1, 3]);
    expect(out).toMatchObject({ id: 'a', height: 1, width: 3 });
    expect(out.data).toBeInstanceOf(Uint8Array);
  });

  test('resizing to a multiple and back is the identity, for any kind of data', () => {
    const side = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(side, side, side, (h, w, factor) => {
        const data = Uint16Array.from({ length: h * w * 2 }, (_, i) => i * 300);
        const source = { height: h, width: w, data };
        expect(resizeNearest(resizeNearest(source, h * factor, w * factor), h, w).data).toEqual(data);
      }),
    );
  });

  test('a step beyond the edge repeats it', () => {
    const labels = { height: 1, width: 3, data: Uint8Array.of(5, 6, 7) };
    expect([...resizeNearest(labels, 1, 4, { step: [1, 1] }).data]).toEqual([5, 6, 7, 7]);
  });
});

describe.skipIf(!haveFixtures)('against OpenCV and PyTorch', () => {
  test('all sizes of the fixture', async () => {
    const fixture = await openFixture('resize');
    const image = fixture.raster<Uint8Array>('image');
    const unit = { ...image, data: Float32Array.from(image.data, (v) => v / 255) };
    const mask = fixture.raster<Uint8Array>('mask');
    let compared = 0;
    for (const [height, width] of fixture.json.settings.sizes as [number, number][]) {
      const size = `${height}x${width}`;
      fixture.compare(`cv_linear_u8_${size}`, resizeRgb(image, height, width));
      fixture.compare(`cv_linear_f32_${size}`, resizeBilinear(unit, height, width));
      fixture.compare(`cv_nearest_${size}`, resizeNearest(mask, height, width));
      fixture.compare(`torch_nearest_${size}`, resizeNearest(mask, height, width));
      compared++;
    }
    expect(compared).toBeGreaterThan(3);
  });

  test('the tensor resize of the ELN pipeline', async () => {
    const fixture = await openFixture('augment');
    const image = fixture.raster<Uint8Array>('image');
    const unit = { ...image, data: Float32Array.from(image.data, (v) => v / 255) };
    const [, height, width] = fixture.json.tensors.elnResize.shape;
    fixture.compare('elnResize', resizeBilinear(unit, height, width));
    fixture.compare('elnResizeMask', resizeNearest(fixture.raster<Uint8Array>('mask'), height, width));
  });
});

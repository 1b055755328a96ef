import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfusionMatrix } from './confusion-matrix.ts';
import { SeenUnseenCounts } from './seen-unseen-curve.ts';
import { segmentationMetrics } from './segmentation-metrics.ts';

const classes = (['seen', 'seen', 'unseen', 'unseen'] as const).map((group, id) => ({ id, name: `c${id}`, group }));

interface Pixel {
  readonly label: number;
  readonly seen: number;
  readonly unseen: number;
  readonly margin: number;
}

const pixel = fc.record({
  label: fc.constantFrom(0, 1, 2, 3, 255),
  seen: fc.constantFrom(0, 1),
  unseen: fc.constantFrom(2, 3),
  margin: fc.float({ min: -50, max: 50, noNaN: true }),
});

function curveOf(pixels: readonly Pixel[]) {
  const counts = new SeenUnseenCounts(classes);
  counts.add(
    Uint8Array.from(pixels, ({ label }) => label),
    {
      seen: Uint8Array.from(pixels, ({ seen }) => seen),
      unseen: Uint8Array.from(pixels, ({ unseen }) => unseen),
      margin: Float32Array.from(pixels, ({ margin }) => margin),
    },
  );
  return counts.curve();
}

const both: readonly Pixel[] = [
  { label: 0, seen: 0, unseen: 2, margin: 1 },
  { label: 2, seen: 0, unseen: 2, margin: 1 },
];

test('every point has the figures of the predictions at its γ', () => {
  fc.assert(
    fc.property(fc.array(pixel, { maxLength: 30 }), (some) => {
      const pixels = [...some, ...both];
      const { points } = curveOf(pixels)!;
      points.forEach(({ gamma, ...figures }, k) => {
        const predictions = pixels.map(({ seen, unseen, margin }) => (Math.fround(margin) < gamma ? unseen : seen));
        const matrix = new ConfusionMatrix(4).add(
          Uint8Array.from(pixels, ({ label }) => label),
          Uint8Array.from(predictions),
        );
        const { seenMIoU, unseenMIoU, hIoU } = segmentationMetrics(matrix, { classes });
        expect(figures.seenMIoU).toBeCloseTo(seenMIoU!, 12);
        expect(figures.unseenMIoU).toBeCloseTo(unseenMIoU!, 12);
        expect(curveOf(pixels)!.best.hIoU).toBeGreaterThanOrEqual(hIoU! - 1e-12);
        if (k === 0) expect(unseenMIoU).toBe(0);
        if (k === points.length - 1) expect(seenMIoU).toBe(0);
      });
    }),
  );
});

test('groups that are told apart perfectly fill the square, and those that cannot be share a line', () => {
  const apart = both.map((one) => ({ ...one, margin: one.label === 2 ? -3 : 3 }));
  expect(curveOf(apart)).toMatchObject({ area: 1, best: { hIoU: 1 } });
  // All pixels turn at once: from (½, 0) to (0, ½).
  expect(curveOf(both)!.points).toHaveLength(2);
  expect(curveOf(both)!.area).toBeCloseTo(1 / 8);
});

test('a bias between the groups moves γ and nothing else', () => {
  const pixels = [...both, { label: 3, seen: 1, unseen: 3, margin: -2 }, { label: 1, seen: 1, unseen: 3, margin: 4 }];
  const biased = curveOf(pixels.map((one) => ({ ...one, margin: one.margin + 20 })))!;
  expect(biased.area).toBeCloseTo(curveOf(pixels)!.area, 12);
  expect(biased.best.hIoU).toBeCloseTo(curveOf(pixels)!.best.hIoU, 12);
  expect(biased.best.gamma).toBeGreaterThan(curveOf(pixels)!.best.gamma + 15);
});

test('without labelled pixels of both groups there is no curve', () => {
  expect(curveOf(both.slice(0, 1))).toBeNull();
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfusionMatrix } from './confusion-matrix.ts';
import { transferControl } from './control.ts';
import { type ClassGroup, segmentationMetrics } from './segmentation-metrics.ts';

const table = (groups: readonly ClassGroup[]) => groups.map((group, id) => ({ id, name: `c${id}`, group }));
const classes = table(['seen', 'unseen', 'unseen', 'unseen']);
const counted = (labels: readonly number[], predictions: readonly number[]) =>
  new ConfusionMatrix(classes.length).add(Uint8Array.from(labels), Uint8Array.from(predictions));

test('a rotation is what the method predicts when unseen classes have the vectors of the next ones', () => {
  const pixel = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.array(pixel, { minLength: 1, maxLength: 40 }), (pixels) => {
      const [labels, predictions] = [0, 1].map((side) => pixels.map((one) => one[side]));
      const matrix = counted(labels, predictions);
      const { rotations } = transferControl(matrix, classes, 0.5);
      rotations.forEach((found, by) => {
        // Channel c wins where that of the class whose vector it now has won before.
        const rotated = predictions.map((c) => (c === 0 ? 0 : 1 + ((c - 1 - (by + 1) + 3) % 3)));
        const { unseenMIoU } = segmentationMetrics(counted(labels, rotated), { classes });
        if (unseenMIoU === null) expect(found).toBeNull();
        else expect(found).toBeCloseTo(unseenMIoU, 12);
      });
      expect(rotations).toHaveLength(2);
    }),
  );
});

test('perfect predictions leave nothing to the control', () => {
  const labels = [0, 0, 1, 1, 2, 3];
  const { rotations, unseenMIoU, hIoU } = transferControl(counted(labels, labels), classes, 1);
  expect([rotations, unseenMIoU, hIoU]).toEqual([[0, 0], 0, 0]);
});

test('chance is the overlap of as many pixels placed at random', () => {
  // 8 labelled pixels; 4 are of class 1, and 2 predicted so: 1 of them by chance.
  const matrix = counted([1, 1, 1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0]);
  expect(transferControl(matrix, classes, 0).chance).toBeCloseTo(1 / 5);
});

test('without unseen pixels, or with a single unseen class, there is no control', () => {
  expect(transferControl(counted([0], [1]), classes, 1)).toMatchObject({ unseenMIoU: null, chance: null });
  const single = new ConfusionMatrix(2).add(Uint8Array.of(0, 1), Uint8Array.of(0, 1));
  expect(transferControl(single, table(['seen', 'unseen']), 1)).toMatchObject({ rotations: [], unseenMIoU: null });
});

import { ConfusionMatrix, segmentationMetrics } from '@unseen/metrics';
import { test } from 'vitest';
import { parity } from './fixture.ts';

await parity('zs3-metrics', (fixture) => {
  const labels = fixture.integers('gt').values;
  const predictions = fixture.integers('pred').values;
  const [count] = fixture.tensor('confusion').shape;
  const unseen = fixture.value<number[]>('unseen');
  const classes = Array.from({ length: count }, (_, id) => ({
    id,
    name: `${id}`,
    group: unseen.includes(id) ? ('unseen' as const) : ('seen' as const),
  }));

  test('the confusion matrix, and means in which an absent class counts as 0', () => {
    fixture.expectValue(
      'unseen',
      classes.filter(({ group }) => group === 'unseen').map(({ id }) => id),
    );
    const matrix = new ConfusionMatrix(count).add(labels, predictions);
    fixture.expectTensor('confusion', matrix.toRows().flat());
    const zero = segmentationMetrics(matrix, { classes, absent: 'zero' });
    const groups = [zero, zero.seen, zero.unseen];
    fixture.expectValue(
      'pixelAccuracy',
      groups.map(({ PA }) => PA),
    );
    fixture.expectValue(
      'fwIoU',
      groups.map(({ FWIoU }) => FWIoU),
    );
    for (const [name, figure, perClass] of [
      ['classAccuracy', 'MA', 'accuracy'],
      ['mIoU', 'mIoU', 'iou'],
    ] as const) {
      fixture.expectValue(name, {
        mean: zero[figure],
        byClass: zero.perClass.map((entry) => entry[perClass]),
        seen: zero.seen[figure],
        unseen: zero.unseen[figure],
      });
    }
  });

  test('one matrix per group of labels, means over the classes with a defined value', () => {
    const isUnseen = (label: number) => unseen.includes(label);
    const kept = [() => true, (label: number) => label < count && !isUnseen(label), isUnseen];
    fixture.expectValue(
      'seenUnseen',
      kept.map((keep) => {
        const rows = new ConfusionMatrix(count).add(
          labels.map((label) => (keep(label) ? label : 255)),
          predictions,
        );
        const { PA, MA, mIoU, FWIoU } = segmentationMetrics(rows, { classes, absent: 'nan-mean' });
        return [PA, MA, mIoU, FWIoU];
      }),
    );
  });
});

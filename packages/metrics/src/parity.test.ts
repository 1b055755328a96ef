import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfusionMatrix } from './confusion-matrix.ts';
import { segmentationMetrics } from './segmentation-metrics.ts';

const shared = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared');
const fixtures = process.env.UNSEEN_FIXTURES ?? join(shared, 'fixtures');
const present = existsSync(join(fixtures, 'zs3-metrics.json'));

interface Value {
  readonly value: never;
  readonly tolerance: { readonly abs: number; readonly rel: number };
}

/** Integer tensors (8-byte header length, JSON header, data) and the values that are expected of them. */
function fixture(name: string) {
  const file = readFileSync(join(fixtures, `${name}.safetensors`));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start));
  const tensor = (key: string) => {
    const [from, to] = header[key].data_offsets as [number, number];
    return new Int32Array(file.buffer.slice(file.byteOffset + start + from, file.byteOffset + start + to));
  };
  const { values } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')) as {
    values: Record<string, Value>;
  };
  const near = (got: unknown, expected: unknown, { tolerance }: Value) => {
    if (expected === 'nan') return expect(got).toBeNull();
    const bound = tolerance.abs + tolerance.rel * Math.abs(expected as number);
    expect(Math.abs((got as number) - (expected as number))).toBeLessThanOrEqual(bound);
  };
  return { tensor, values, near };
}

const splitTable = (count: number, unseen: readonly number[]) =>
  Array.from({ length: count }, (_, id) => ({
    id,
    name: `${id}`,
    group: unseen.includes(id) ? ('unseen' as const) : ('seen' as const),
  }));

describe.skipIf(!present)(present ? 'reference metrics' : `reference metrics (there are none in ${fixtures})`, () => {
  it('ZS3Net: Evaluator (absent classes count as 0) and label_accuracy_score', () => {
    const { tensor, values, near } = fixture('zs3-metrics');
    const labels = tensor('gt');
    const predictions = tensor('pred');
    const count = Math.sqrt(tensor('confusion').length);
    const classes = splitTable(count, values.unseen.value);
    const matrix = new ConfusionMatrix(count).add(labels, predictions);
    expect(matrix.toRows().flat()).toEqual([...tensor('confusion')]);

    const zero = segmentationMetrics(matrix, { classes, absent: 'zero' });
    const groups = [zero, zero.seen, zero.unseen];
    (values.pixelAccuracy.value as number[]).forEach((v, i) => {
      near(groups[i].PA, v, values.pixelAccuracy);
    });
    (values.fwIoU.value as number[]).forEach((v, i) => {
      near(groups[i].FWIoU, v, values.fwIoU);
    });
    for (const [key, figure, perClass] of [
      ['classAccuracy', 'MA', 'accuracy'],
      ['mIoU', 'mIoU', 'iou'],
    ] as const) {
      const expected = values[key].value as { mean: number; byClass: number[]; seen: number; unseen: number };
      [expected.mean, expected.seen, expected.unseen].forEach((v, i) => {
        near(groups[i][figure], v, values[key]);
      });
      expected.byClass.forEach((v, c) => {
        near(zero.perClass[c][perClass], v, values[key]);
      });
    }

    // One matrix per group of ground-truth rows, each averaged over every class that has a defined value.
    const kept = [
      () => true,
      (g: number) => classes[g]?.group === 'seen',
      (g: number) => classes[g]?.group === 'unseen',
    ];
    kept.forEach((keep, i) => {
      const rows = new ConfusionMatrix(count).add(
        labels.map((g) => (keep(g) ? g : 255)),
        predictions,
      );
      const m = segmentationMetrics(rows, { classes, absent: 'nan-mean' });
      const expected = (values.seenUnseen.value as number[][])[i];
      [m.PA, m.MA, m.mIoU, m.FWIoU].forEach((v, j) => {
        near(v, expected[j], values.seenUnseen);
      });
    });
  });
});

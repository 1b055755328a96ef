import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfusionMatrix } from './confusion-matrix.ts';
import { harmonicMean, type MetricClass, segmentationMetrics } from './segmentation-metrics.ts';

/** `groups` has one letter per channel: s or u. */
const classTable = (groups: string): MetricClass[] =>
  [...groups].map((g, i) => ({ id: i + 10, name: `class ${i}`, group: g === 's' ? 'seen' : 'unseen' }));

const score = (labels: number[], predictions: number[], groups: string, absent?: 'support' | 'nan-mean' | 'zero') =>
  segmentationMetrics(
    new ConfusionMatrix(groups.length).add(Int32Array.from(labels), Int32Array.from(predictions)),
    absent ? { classes: classTable(groups), absent } : { classes: classTable(groups) },
  );

describe('segmentationMetrics', () => {
  it('equals sets of pixels counted by hand, for random masks, splits and policies', () => {
    const policies = ['support', 'nan-mean', 'zero'] as const;
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('s', 'u'), minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 60 }),
        fc.constantFrom(...policies),
        (groups, draws, absent) => {
          const k = groups.length;
          const labels = draws.map(([g]) => (g < k ? g : 255));
          const predictions = draws.map(([, p]) => p);
          const got = score(labels, predictions, groups, absent);

          const pixels = labels.map((_, i) => i).filter((i) => labels[i] !== 255);
          const ratio = (a: number, b: number) => (b === 0 ? null : a / b);
          const rows = [...groups].map((group, c) => {
            const truth = pixels.filter((i) => labels[i] === c);
            const both = truth.filter((i) => predictions[i] === c).length;
            const either = pixels.filter((i) => labels[i] === c || predictions[i] === c).length;
            return { group, n: truth.length, both, iou: ratio(both, either), accuracy: ratio(both, truth.length) };
          });
          const average = (members: typeof rows, key: 'iou' | 'accuracy') => {
            const values: number[] = [];
            for (const row of members) {
              if (absent === 'support' && row.n === 0) continue;
              const value = row[key];
              if (value !== null) values.push(value);
              else if (absent === 'zero') values.push(0);
            }
            return ratio(
              values.reduce((a, b) => a + b, 0),
              values.length,
            );
          };
          const near = (a: number | null, b: number | null) =>
            b === null ? expect(a).toBeNull() : expect(a).toBeCloseTo(b, 12);
          for (const [name, members] of [
            ['all', rows],
            ['seen', rows.filter((r) => r.group === 's')],
            ['unseen', rows.filter((r) => r.group === 'u')],
          ] as const) {
            const figures = name === 'all' ? got : got[name];
            const n = members.reduce((sum, r) => sum + r.n, 0);
            near(
              figures.PA,
              ratio(
                members.reduce((sum, r) => sum + r.both, 0),
                n,
              ),
            );
            near(figures.MA, average(members, 'accuracy'));
            near(figures.mIoU, average(members, 'iou'));
            near(
              figures.FWIoU,
              n === 0 ? null : members.reduce((sum, r) => sum + (r.n / pixels.length) * (r.iou ?? 0), 0),
            );
          }
          near(got.hIoU, harmonicMean(got.seenMIoU, got.unseenMIoU));
          expect(got.perClass.map((c) => [c.iou, c.accuracy, c.support])).toEqual(
            rows.map((r) => [r.iou, r.accuracy, r.n]),
          );
          expect(JSON.stringify(got)).not.toMatch(/NaN/);
          expect(JSON.parse(JSON.stringify(got))).toEqual(got);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not count predictions on ignored pixels as false positives', () => {
    expect(score([0, 255, 255], [0, 0, 1], 'su').perClass[0].iou).toBe(1);
  });

  it('lowers both IoUs when an unseen pixel is predicted as seen', () => {
    const metrics = score([0, 0, 1, 1], [0, 0, 0, 1], 'su');
    expect(metrics.seenMIoU).toBeCloseTo(2 / 3);
    expect(metrics.unseenMIoU).toBeCloseTo(1 / 2);
    expect(metrics.hIoU).toBeCloseTo(4 / 7);
  });

  it('counts a prediction outside the table in its row only', () => {
    const metrics = score([0, 0, 1], [0, 255, 1], 'su');
    expect(metrics.perClass.map(({ iou }) => iou)).toEqual([0.5, 1]);
    expect(metrics.pixels).toEqual({ labelled: 3, outside: 1, unscored: 0 });
  });

  it('treats a predicted class without ground truth by policy', () => {
    const means = (absent: 'support' | 'nan-mean' | 'zero') => score([0, 0], [0, 1], 'sss', absent).mIoU;
    expect([means('support'), means('nan-mean'), means('zero')]).toEqual([1 / 2, 1 / 4, 1 / 6]);
  });

  it('has null, not 0, for a group without classes or pixels, and 0 for one that is never hit', () => {
    const seenOnly = score([0], [0], 's');
    expect([seenOnly.unseenMIoU, seenOnly.hIoU, seenOnly.harmonic.PA]).toEqual([null, null, null]);
    const noUnseenPixel = score([0], [0], 'su');
    expect([noUnseenPixel.unseen.PA, noUnseenPixel.unseenMIoU, noUnseenPixel.unseen.FWIoU]).toEqual([null, null, null]);
    const neverHit = score([0, 1], [0, 0], 'su');
    expect([neverHit.unseenMIoU, neverHit.hIoU]).toEqual([0, 0]);
  });

  it('refuses a class table of another length', () => {
    expect(() => segmentationMetrics(new ConfusionMatrix(3), { classes: classTable('su') })).toThrow(/2 class names/);
  });
});

import { type InstanceSet, UserError } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DetectionMetrics, type DetectionOptions } from './detection-metrics.ts';

const single = (options: Partial<DetectionOptions> = {}) =>
  new DetectionMetrics({ classes: [7], thresholds: [0.5], ...options });
const of = (scores: readonly number[]) => ({ classes: scores.map(() => 7), scores });
const objects = (count: number) => ({ classes: new Array<number>(count).fill(7) });
const ap = (metrics: DetectionMetrics) => metrics.result().averagePrecision[0].mean;

test('detections of all images are ranked together', () => {
  const metrics = single();
  metrics.add(of([0.3, 0.9]), objects(1), [0.8, 0.1]);
  metrics.add(of([0.6]), objects(1), [0.5]);
  // By score: false, right, right.
  expect(ap(metrics)).toBeCloseTo(2 / 3, 12);
});

test('a second detection of an object is false, or finds the next free one where that is asked for', () => {
  const overlaps = [0.9, 0.6, 0.8, 0.6];
  expect(ap(single().add(of([0.9, 0.8]), objects(2), overlaps))).toBe(0.5);
  expect(ap(single({ match: 'free' }).add(of([0.9, 0.8]), objects(2), overlaps))).toBe(1);
});

test('difficult objects neither count nor harm', () => {
  const metrics = single();
  const difficult = { classes: [7, 7], difficult: [1, 0] };
  metrics.add(of([0.9, 0.8, 0.7]), difficult, [0.9, 0, 0.9, 0, 0, 0.7]);
  expect(metrics.result()).toMatchObject({
    averagePrecision: [{ mean: 1 }],
    bestOverlap: { mean: 0.7 },
    corLoc: { mean: 1 },
  });
});

test('every threshold, class by class; classes without objects have no average, others are left out', () => {
  const metrics = new DetectionMetrics({ classes: [1, 2, 3], thresholds: [0.25, 0.5, 0.75] });
  metrics.add({ classes: [1, 2, 9], scores: [0.5, 0.5, 1] }, { classes: [1, 2, 9] }, [0.6, 0, 0, 0, 0.3, 0, 0, 0, 1]);
  const { averagePrecision, bestOverlap, corLoc } = metrics.result();
  expect(averagePrecision).toEqual([
    { threshold: 0.25, mean: 1, perClass: [1, 1, null] },
    { threshold: 0.5, mean: 0.5, perClass: [1, 0, null] },
    { threshold: 0.75, mean: 0, perClass: [0, 0, null] },
  ]);
  expect(bestOverlap).toEqual({ mean: expect.closeTo(0.45, 12), perClass: [0.6, 0.3, null] });
  expect(corLoc).toEqual({ mean: 0.5, perClass: [1, 0, null] });
});

test('CorLoc looks at the best detection of an image alone; images without the class do not count', () => {
  const metrics = single();
  metrics.add(of([0.9, 0.1]), objects(2), [0.4, 0.4, 1, 1]);
  metrics.add(of([0.9]), objects(1), [0.5]);
  metrics.add(of([0.9]), objects(0), []);
  metrics.add(of([]), objects(1), []);
  expect(metrics.result().corLoc.mean).toBeCloseTo(1 / 3, 12);
});

const instance = (classId: number, score: number, mask: number[]): InstanceSet['items'][number] => ({
  classId,
  score,
  mask,
  box: [0, 0, 2, 2],
});
const set = (...items: InstanceSet['items']): InstanceSet => ({ id: 'a', height: 2, width: 4, items });

test('instances are compared by their masks, without void pixels, or by their boxes', () => {
  const [found, truth] = [set(instance(7, 0.9, [0, 4, 4])), set(instance(7, 1, [0, 2, 6]))];
  const overlap = (metrics: DetectionMetrics) => metrics.result().bestOverlap.mean;
  expect(overlap(single().addInstances(found, truth))).toBe(0.5);
  expect(overlap(single().addInstances(found, truth, { ignore: [2, 2, 4] }))).toBe(1);
  expect(overlap(single().addInstances(found, truth, { by: 'box' }))).toBe(1);
});

test('a detection of each object gives 1 at any threshold, and the order of images does not matter', () => {
  const image = fc.integer({ min: 0, max: 4 }).chain((count) => {
    const overlap = fc.double({ min: 0, max: 1, noNaN: true });
    const detections = fc.uniqueArray(fc.double({ min: 0, max: 0.9, noNaN: true }), { maxLength: 5 });
    return detections.chain((scores) => {
      const length = scores.length * count;
      return fc.record({
        scores: fc.constant(scores),
        count: fc.constant(count),
        overlaps: fc.array(overlap, { minLength: length, maxLength: length }),
      });
    });
  });
  fc.assert(
    fc.property(fc.array(image, { maxLength: 4 }), (images) => {
      const perfect = single({ thresholds: [0.25, 1] });
      // Scores that are unique over all images.
      const spread = images.map((one, i) => ({ ...one, scores: one.scores.map((score) => (score + i) / 10) }));
      const [forward, backward] = [single(), single()];
      for (const { count } of images) {
        const identity = Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? 1 : 0));
        perfect.add(of(new Array(count).fill(0.5)), objects(count), identity);
      }
      for (const { scores, count, overlaps } of spread) forward.add(of(scores), objects(count), overlaps);
      for (const { scores, count, overlaps } of spread.toReversed()) backward.add(of(scores), objects(count), overlaps);
      const any = images.some(({ count }) => count > 0);
      for (const { mean } of perfect.result().averagePrecision) expect(mean).toBe(any ? 1 : null);
      expect(ap(forward)).toBe(ap(backward));
    }),
  );
});

test('what does not fit together is refused', () => {
  expect(() => single().add(of([0.5]), objects(2), [0.5])).toThrow(UserError);
  expect(() => single().add({ classes: [7], scores: [] }, objects(1), [0.5])).toThrow(UserError);
  expect(() => single().add(of([Number.NaN]), objects(1), [0.5])).toThrow(UserError);
  expect(() => single({ thresholds: [0] })).toThrow('threshold of 0');
});

import { type Dataset, IGNORE, type Sample } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ContiguousLabels } from './contiguous-labels.ts';
import { guardTraining, SeenOnlySample } from './leakage-guard.ts';
import { openDataset } from './open-dataset.ts';
import { smallDataset } from './small-dataset.suite.ts';

const split = fc
  .uniqueArray(fc.integer({ min: 0, max: 254 }), { minLength: 1, maxLength: 40 })
  .chain((ids) =>
    fc.integer({ min: 1, max: ids.length }).map((n) => ({ seen: ids.slice(0, n), unseen: ids.slice(n) })),
  );
const pixels = fc.uint8Array({ minLength: 1, maxLength: 60 });

function sampleOf(data: Uint8Array | Uint16Array): Sample {
  const labels = [...new Set(data)];
  return {
    id: 's',
    image: async () => ({ height: 1, width: data.length, data: new Uint8Array(3 * data.length) }),
    mask: async () => ({ id: 's', height: 1, width: data.length, data }),
    instances: async () => ({
      id: 's',
      height: 1,
      width: data.length,
      items: labels.map((classId) => ({ classId, score: 1, mask: [data.length], box: [0, 0, 1, 1] as const })),
    }),
    imageLabels: labels,
  };
}

test('whatever the masks hold, only seen ids come out, and every seen pixel stays', async () => {
  await fc.assert(
    fc.asyncProperty(split, pixels, async (chosen, data) => {
      const before = data.slice();
      const dataset: Dataset = { name: 'd', classes: [], ignore: [], splits: {}, train: [sampleOf(data)], val: [] };
      const [sample] = guardTraining(dataset, chosen).samples;
      const seen = new Set(chosen.seen);
      const labels = (await sample.mask?.())?.data ?? [];
      data.forEach((id, i) => {
        expect(labels[i]).toBe(seen.has(id) ? id : IGNORE);
      });
      expect(sample.imageLabels?.every((id) => seen.has(id))).toBe(true);
      expect((await sample.instances?.())?.items.every(({ classId }) => seen.has(classId))).toBe(true);
      // The source is not touched.
      expect(data).toEqual(before);
    }),
  );
});

test('the channels of a guarded mask are those of seen classes', async () => {
  await fc.assert(
    fc.asyncProperty(split, pixels, async (chosen, data) => {
      const labels = new ContiguousLabels(chosen);
      const mask = await SeenOnlySample.of(sampleOf(data), chosen).mask?.();
      const test = labels.toTestChannels(mask!);
      expect(test.data.every((channel) => channel === IGNORE || channel < chosen.seen.length)).toBe(true);
      expect(test).toEqual(labels.toTrainChannels(mask!));
    }),
  );
});

test('16-bit masks keep seen ids above 255 and hide with 65535', async () => {
  const mask = await SeenOnlySample.of(sampleOf(Uint16Array.of(300, 4, 65535)), { seen: [300], unseen: [4] }).mask?.();
  expect(mask?.data).toEqual(Uint16Array.of(300, 65535, 65535));
});

test('a dataset with files: unseen and outside classes are hidden, splits are looked up', async () => {
  const dataset = await openDataset(await smallDataset());
  const guarded = guardTraining(dataset);
  expect((await guarded.samples[0].mask?.())?.data).toEqual(Uint8Array.of(1, 2, 255, 255, 255, 255));
  expect(() => guardTraining(dataset, 'zs5')).toThrow("has no split 'zs5'");
  expect(() => guardTraining(dataset, { seen: [1, 2], unseen: [2] })).toThrow('class ids 2 are both seen and unseen');
});

test('samples without a mask stay without one', () => {
  const { id, image } = sampleOf(Uint8Array.of(1));
  const guarded = SeenOnlySample.of({ id, image }, { seen: [1], unseen: [] });
  expect(guarded.mask).toBeUndefined();
  expect(guarded.imageLabels).toBeUndefined();
});

import type { Dataset, Sample } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { guard } from './supervision.ts';

const IDS = [1, 2, 3, 7, 300];

function sampleOf(id: string, data: Uint16Array): Sample {
  const labels = [...new Set(data)].filter((value) => value !== 65535);
  return {
    id,
    image: async () => ({ height: 1, width: data.length, data: new Uint8Array(3 * data.length) }),
    mask: async () => ({ id, height: 1, width: data.length, data }),
    instances: async () => ({
      id,
      height: 1,
      width: data.length,
      items: labels.map((classId) => ({ classId, score: 1, mask: [data.length], box: [0, 0, 1, 1] as const })),
    }),
    imageLabels: labels,
  };
}

const dataset: fc.Arbitrary<Dataset> = fc
  .array(fc.array(fc.constantFrom(...IDS, 65535), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 6 })
  .map((masks) => ({
    name: 'd',
    classes: IDS.map((id) => ({ id, name: `${id}`, color: [0, 0, 0] as const })),
    ignore: [],
    splits: {},
    train: masks.map((mask, i) => sampleOf(`image ${i}`, Uint16Array.from(mask))),
    val: [],
  }));
const classes = fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1 });

/** Everything that an object gives away: its properties and those of its prototypes, called where they are functions. */
async function everything(value: object): Promise<unknown[]> {
  const names = new Set<string>();
  for (let at = value; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete('constructor');
  const found = [...names].map(async (name) => {
    const property = Reflect.get(value, name);
    return [name, typeof property === 'function' ? await property.call(value) : property];
  });
  return Promise.all(found);
}

test('pixels: masks, objects and image labels are of the allowed classes alone', async () => {
  await fc.assert(
    fc.asyncProperty(dataset, classes, async (data, allowed) => {
      const { samples } = guard(data, { kind: 'pixels', classes: allowed });
      expect(samples).toHaveLength(data.train.length);
      for (const [i, sample] of samples.entries()) {
        const [mask, truth] = [(await sample.mask!()).data, (await data.train[i].mask!()).data];
        truth.forEach((id, at) => {
          expect(mask[at]).toBe(allowed.includes(id) ? id : 65535);
        });
        expect((await sample.instances!()).items.every(({ classId }) => allowed.includes(classId))).toBe(true);
        expect(sample.imageLabels).toEqual(data.train[i].imageLabels!.filter((id) => allowed.includes(id)));
      }
    }),
  );
});

test('image labels: those of the allowed classes, and nothing of where they are', async () => {
  await fc.assert(
    fc.asyncProperty(dataset, classes, async (data, allowed) => {
      const { samples } = guard(data, { kind: 'imageLabels', classes: allowed });
      for (const [i, sample] of samples.entries()) {
        const { id, imageLabels, image } = data.train[i];
        const labels = imageLabels!.filter((one) => allowed.includes(one));
        expect(new Map((await everything(sample)) as [string, unknown][])).toEqual(
          new Map<string, unknown>([
            ['id', id],
            ['imageLabels', labels],
            ['image', await image()],
          ]),
        );
      }
    }),
  );
});

test('a subset: masks of the labelled images, the others are images alone', async () => {
  await fc.assert(
    fc.asyncProperty(dataset, classes, fc.nat(), async (data, allowed, pick) => {
      const chosen = data.train.filter((_, i) => i === pick % data.train.length || (pick >> i) % 2 === 1);
      const ids = chosen.map(({ id }) => id);
      const { labelled, unlabelled } = guard(data, { kind: 'subset', classes: allowed, labelled: ids });
      expect(labelled.samples.map(({ id }) => id)).toEqual(ids);
      for (const sample of labelled.samples) {
        const values = new Set((await sample.mask!()).data);
        expect([...values].every((id) => id === 65535 || allowed.includes(id))).toBe(true);
      }
      expect(unlabelled).toHaveLength(data.train.length - ids.length);
      for (const sample of unlabelled) {
        const names = ((await everything(sample)) as [string, unknown][]).map(([name]) => name).sort();
        expect(names).toEqual(['id', 'image']);
      }
    }),
  );
});

test('what the dataset does not have is one clear error', () => {
  const [data] = fc.sample(dataset, { numRuns: 1, seed: 1 });
  expect(() => guard(data, { kind: 'pixels', classes: [5] })).toThrow('supervision by classes 5');
  expect(() => guard(data, { kind: 'subset', classes: [1], labelled: ['image 99'] })).toThrow('1 labelled images');
  expect(() => guard(data, { kind: 'subset', classes: [1], labelled: [] })).toThrow('without images');
  const { imageLabels: _, ...bare } = data.train[0];
  expect(() => guard({ ...data, train: [bare] }, { kind: 'imageLabels', classes: [1] })).toThrow('no image labels');
});

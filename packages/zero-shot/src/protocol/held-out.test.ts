import { IGNORE, SeedTree, UserError } from '@unseen/core';
import { ContiguousLabels } from '@unseen/data';
import { expect, test } from 'vitest';
import { type HoldOutOptions, holdOut } from './held-out.ts';

const infos = ['cat', 'dog', 'cow', 'bus', 'zebra'].map((name, i) => ({ id: i + 1, name, color: [i, i, i] as const }));
const split = { seen: [1, 2, 3, 4], unseen: [5] };
const sample = (id: string) => ({
  id,
  image: () => Promise.reject(new Error('not asked for')),
  mask: async () => ({ id, height: 1, width: 5, data: Uint8Array.of(1, 2, 3, 4, 5) }),
});
const protocol = {
  split,
  labels: new ContiguousLabels(split),
  classes: infos,
  vectors: infos.map(({ id }) => Float32Array.of(id)),
  dataset: {
    name: 'made up',
    classes: infos,
    ignore: [],
    splits: { default: split },
    train: ['a', 'b', 'c', 'd', 'e'].map(sample),
    val: [sample('real validation')],
  },
};
const hold = (options: Partial<HoldOutOptions> = {}) =>
  holdOut(protocol, {
    pseudoUnseen: ['dog', 'bus'],
    images: { every: 4 },
    random: new SeedTree(0).stream(),
    ...options,
  });

test('some seen classes play unseen, the unseen ones are gone', () => {
  const { split: pseudo, classes, vectors } = hold();
  expect(pseudo).toEqual({ seen: [1, 3], unseen: [2, 4] });
  expect(classes.map(({ name }) => name)).toEqual(['cat', 'cow', 'dog', 'bus']);
  expect(vectors.map(([value]) => value)).toEqual([1, 3, 2, 4]);
});

test('images are held out of training, with the unseen class hidden in their masks', async () => {
  const { dataset, heldOut, labels } = hold();
  expect(heldOut).toEqual([0, 4]);
  expect(dataset.train.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
  expect(dataset.val.map(({ id }) => id)).toEqual(['a', 'e']);
  const mask = await dataset.val[0].mask!();
  expect([...mask.data]).toEqual([1, 2, 3, 4, IGNORE]);
  expect([...labels.toTestChannels(mask).data]).toEqual([0, 2, 1, 3, IGNORE]);
  expect(hold({ images: { last: 2 } }).heldOut).toEqual([3, 4]);
});

test('a number of classes is drawn from the seeds', () => {
  const drawn = (seed: number) => hold({ pseudoUnseen: 2, random: new SeedTree(seed).stream() }).split;
  expect(drawn(1)).toEqual(drawn(1));
  expect(new Set([0, 1, 2, 3, 4, 5].map((seed) => drawn(seed).unseen.join())).size).toBeGreaterThan(1);
  expect(drawn(3).seen).toHaveLength(2);
});

test.each([
  [{ pseudoUnseen: ['dogg'] }, "did you mean 'dog'"],
  [{ pseudoUnseen: ['zebra'] }, 'a seen class'],
  [{ pseudoUnseen: 4 }, '4 of 4 seen classes'],
  [{ images: { last: 5 } }, '5 of 5 training images'],
] as const)('%j is refused', (options, message) => {
  expect(() => hold(options)).toThrow(UserError);
  expect(() => hold(options)).toThrow(message);
});

import { SeedTree } from '@unseen/core';
import { expect, test } from 'vitest';
import { LabelledBatches, type LabelledSource } from './labelled-batches.ts';

/** Maps of 4x4 with random values, whose labels are `labels`, of 3 images. */
function randomSource(random: ReturnType<SeedTree['stream']>, labels: readonly number[]): LabelledSource {
  return {
    length: 3,
    grid: [4, 4],
    channels: 1,
    async read(index, target, offset = 0) {
      random.fillNormal(target.subarray(offset, offset + 16));
      return Uint8Array.from(labels, (label) => (label === 9 ? index : label));
    },
  };
}

const LABELS = [9, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7];

test('labels are given on every grid that is asked for, by the nearest-neighbour rule', async () => {
  const random = new SeedTree(0).stream();
  const batches = new LabelledBatches({
    sources: [randomSource(random, LABELS)],
    labelGrids: [
      [4, 4],
      [2, 2],
      [3, 1],
    ],
    batch: 2,
    classes: 8,
    random,
  });
  await batches.advance();
  expect(batches.inputs.map(({ length }) => length)).toEqual([32]);
  const [first, second] = batches.position.order;
  const ofImage = (image: number) => LABELS.map((label) => (label === 9 ? image : label));
  expect([...batches.labels[0]]).toEqual([...ofImage(first), ...ofImage(second)]);
  expect([...batches.labels[1]]).toEqual([first, 2, 0, 2, second, 2, 0, 2]);
  expect([...batches.labels[2]]).toEqual([first, 4, 0, second, 4, 0]);
});

test('a batch without a label on one of the grids is skipped', async () => {
  const random = new SeedTree(0).stream();
  const hidden = LABELS.map((_, i) => (i === 1 ? 0 : 255));
  const options = { sources: [randomSource(random, hidden)], batch: 1, classes: 8, random };
  await new LabelledBatches(options).advance();
  const coarse = new LabelledBatches({ ...options, labelGrids: [[2, 2]] });
  await expect(coarse.advance()).rejects.toThrow('an epoch without a single labelled pixel');
});

test('what sources draw at random goes on after a position is put back', async () => {
  const make = (seed: number) => {
    const random = new SeedTree(seed).stream();
    return new LabelledBatches({ sources: [randomSource(random, LABELS)], batch: 2, classes: 8, random });
  };
  const batches = make(0);
  await batches.advance();
  const { position } = batches;
  await batches.advance();
  const other = make(1);
  other.position = JSON.parse(JSON.stringify(position));
  await other.advance();
  expect(other.inputs).toEqual(batches.inputs);
  expect(other.labels).toEqual(batches.labels);
});

import { type Sample, SeedTree } from '@unseen/core';
import { expect, expectTypeOf, test } from 'vitest';
import { guardTraining, type SeenOnlySample } from './leakage-guard.ts';
import { openDataset } from './open-dataset.ts';
import { smallDataset } from './small-dataset.suite.ts';
import { prepareTraining } from './transforms.ts';

const normalization = { channelOrder: 'bgr', mean: [100, 100, 100], std: [2, 2, 2] } as const;

test('a training crop depends on its stream alone and never shows an unseen label', async () => {
  const { samples } = guardTraining(await openDataset(await smallDataset()));
  const options = { base: 12, crop: 9, normalization };
  const stream = new SeedTree(4).stream();
  const first = await prepareTraining(samples[0], stream, options);
  expect(await prepareTraining(samples[0], new SeedTree(4).stream(), options)).toEqual(first);
  const labels = new Set(first.labels.data);
  for (let i = 0; i < 20; i++) {
    const { labels: more, image } = await prepareTraining(samples[0], stream, options);
    expect([image.height, image.width, more.height]).toEqual([9, 9, 9]);
    for (const id of more.data) labels.add(id);
  }
  expect([...labels].sort((a, b) => a - b)).toEqual([1, 2, 255]);
});

test('an unguarded sample does not fit where training takes one', () => {
  // Checked by the compiler: only the leakage guard makes training samples.
  expectTypeOf<Sample>().not.toExtend<Parameters<typeof prepareTraining>[0]>();
  expectTypeOf<SeenOnlySample>().toExtend<Parameters<typeof prepareTraining>[0]>();
});

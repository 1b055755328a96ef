import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { FeatureStore, type StoreForm } from '@unseen/data';
import type { Engine } from '@unseen/tensor';
import { createEagerEngine } from '@unseen/tensor';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { type ExtractDatasetOptions, extractDataset } from './extract-dataset.ts';
import type { FeatureSettings } from './feature-settings.ts';
import { mergeShards } from './merge-shards.ts';

const WEIGHTS = join(import.meta.dirname, '../../../../experiments/pretrain/toy-backbone.safetensors');

const SETTINGS: FeatureSettings = {
  data: { dataset: 'toy-attributes', split: 'default', size: [24, 24], train: { limit: 7 }, val: { limit: 5 } },
  backbone: { name: 'resnet_micro.toy_attributes', weights: WEIGHTS, outputStride: 4 },
  features: { scales: [1, 0.5], flip: true },
};

let engine: Engine;
let out: string;
beforeAll(async () => {
  engine = await createEagerEngine('cpu');
});
afterAll(async () => {
  engine.dispose();
});
beforeEach(async () => {
  out = temporaryFolder();
});

const extract = (changes: Partial<ExtractDatasetOptions> & StoreForm = {}) => {
  const { featureBits = 32, compression = 'none', ...options } = changes;
  return extractDataset({
    ...{ engine, settings: SETTINGS, subset: 'train', out },
    form: { featureBits, compression },
    ...options,
  });
};

test('shards joined are the very file that one extraction writes, in half precision too', async () => {
  for (const featureBits of [16, 32] as const) {
    for (const subset of ['train', 'val'] as const) {
      const { path, images } = await extract({ subset, featureBits, out: join(out, 'whole', `${featureBits}`) });
      expect(images).toBe(subset === 'train' ? 7 : 5);
      const parts = join(out, 'parts', `${featureBits}`);
      const sizes = [];
      for (const index of [2, 3, 1]) {
        const shard = await extract({ subset, featureBits, out: parts, shard: { index, count: 3 } });
        sizes.push(shard.images);
      }
      expect(sizes.toSorted()).toEqual(subset === 'train' ? [2, 2, 3] : [1, 2, 2]);
      const merged = await mergeShards(parts);
      expect((await readFile(join(parts, `${subset}.arrow`))).equals(await readFile(path))).toBe(true);
      expect(merged.map((one) => one.subset)).toContain(subset);
    }
  }
}, 120_000);

test('labels of training images passed the guard; validation images have the first scale alone', async () => {
  await extract();
  await extract({ subset: 'val' });
  const train = await FeatureStore.open(join(out, 'train.arrow'));
  const val = await FeatureStore.open(join(out, 'val.arrow'));
  expect([train.count, val.count]).toEqual([7 * 4, 5]);
  expect(train.provenance.views).toEqual(['scale 1', 'scale 0.5', 'scale 1 flipped', 'scale 0.5 flipped']);
  const { splits } = await import('@unseen/data').then(({ describeDataset }) => describeDataset('toy-attributes'));
  const seen = new Set([...splits.default.seen, 255]);
  for (let i = 0; i < train.count; i++) {
    for (const label of (await train.read(i)).labels) expect(seen.has(label)).toBe(true);
  }
  await train.close();
  await val.close();
});

test('a shard that is there is kept; an interrupted one continues at the image where it was, to the same bytes', async () => {
  const shard = { index: 1, count: 2 };
  const { path: whole } = await extract({ shard, out: join(out, 'whole') });
  const interrupt = new AbortController();
  const stopped: number[] = [];
  const onImage = (done: number) => {
    stopped.push(done);
    if (done === 2) interrupt.abort();
  };
  await expect(extract({ shard, signal: interrupt.signal, onImage })).rejects.toThrow();
  expect(stopped).toEqual([1, 2]);
  expect(await readdir(out)).not.toContain('train.shard-1-of-2.arrow');
  const { path } = await extract({ shard });
  expect((await readFile(path)).equals(await readFile(whole))).toBe(true);
  expect((await readdir(out)).sort()).toEqual(['train.shard-1-of-2.arrow', 'whole']);
  const { mtimeMs } = await stat(path);
  expect(await extract({ shard, onImage: () => expect.unreachable() })).toEqual({ path, images: 3, skipped: true });
  expect((await stat(path)).mtimeMs).toBe(mtimeMs);
});

test('a store that was made in another way, or is damaged, is not taken for one', async () => {
  const { path } = await extract();
  const other = { ...SETTINGS, features: { ...SETTINGS.features, flip: false } };
  await expect(extract({ settings: other })).rejects.toThrow(/was made with config .* expected config/);
  await expect(extract({ featureBits: 16 })).rejects.toThrow('holds features of 32 bits; expected 16 bits');
  await expect(extract({ compression: 'zstd' })).rejects.toThrow('of 32 bits; expected 32 bits, compressed');
  await writeFile(path, (await readFile(path)).subarray(0, -100));
  await expect(extract()).rejects.toThrow(/cannot be read as a feature store.*extract the features anew/);
});

test('the estimate before the start: bytes as they come to be, time above zero', async () => {
  for (const form of [{ featureBits: 16 }, { featureBits: 32 }, { compression: 'zstd' }] as const) {
    let bytes = 0;
    const { path } = await extract({
      out: join(out, JSON.stringify(form)),
      ...form,
      onEstimate: ({ bytesPerImage, secondsPerImage }, images) => {
        bytes = bytesPerImage * images;
        expect(secondsPerImage).toBeGreaterThan(0);
        expect(images).toBe(7);
      },
    });
    const { size } = await stat(path);
    expect(Math.abs(bytes / size - 1)).toBeLessThan(0.1);
  }
});

test('what cannot be divided or joined is refused', async () => {
  await expect(extract({ shard: { index: 1, count: 8 } })).rejects.toThrow('8 shards of 7 images');
  await expect(mergeShards(out)).rejects.toThrow('holds no shards');
  await extract({ shard: { index: 1, count: 2 } });
  await expect(mergeShards(out)).rejects.toThrow(/lacks 1 of 2 shards: train\.shard-2-of-2\.arrow/);
  await extract({ shard: { index: 2, count: 2 }, featureBits: 16 });
  await expect(mergeShards(out)).rejects.toThrow(/has 32 channels of 16 bits.*expected 32 channels of 32 bits/);
  await extract({ shard: { index: 1, count: 3 } });
  await expect(mergeShards(out)).rejects.toThrow('several divisions (2, 3)');
  await expect(mergeShards(join(out, 'nowhere'))).rejects.toBeInstanceOf(UserError);
  const foreign = { ...SETTINGS, data: { ...SETTINGS.data, train: { limit: 6 } } };
  await rm(join(out, 'train.shard-1-of-3.arrow'));
  await rm(join(out, 'train.shard-2-of-2.arrow'));
  await extract({ settings: foreign, shard: { index: 2, count: 2 } });
  await expect(mergeShards(out)).rejects.toThrow(/made with config/);
  await copyFile(join(out, 'train.shard-1-of-2.arrow'), join(out, 'train.shard-2-of-2.arrow'));
  await expect(mergeShards(out)).rejects.toThrow(/expected subset "train, shard 2 of 2"/);
});

import type { Dataset } from '@unseen/core';
import { expect, test } from 'vitest';
import { loadExperimentBackbone } from '../backbone.ts';
import { type FeatureSettings, type FeatureSubset, featureProvenance } from './feature-settings.ts';

const WEIGHTS = new URL('../../../../experiments/pretrain/toy-backbone.safetensors', import.meta.url).pathname;

const dataset: Dataset = {
  name: 'small',
  ignore: [],
  classes: [1, 2, 3].map((id) => ({ id, name: `class ${id}`, color: [0, 0, id] })),
  splits: {
    first: { seen: [1, 2], unseen: [3] },
    renamed: { seen: [2, 1], unseen: [3] },
    other: { seen: [1, 3], unseen: [2] },
  },
  train: [],
  val: [],
};

test('stores say which labels were hidden, not what the split is called; those of test images hide none', async () => {
  const settings = (split: string): FeatureSettings => ({
    data: { dataset: 'small', split, size: [24, 24], train: {}, val: {} },
    backbone: { name: 'resnet_micro.toy_attributes', weights: WEIGHTS, outputStride: 4 },
    features: { scales: [1], flip: false },
  });
  const backbone = await loadExperimentBackbone(settings('first').backbone);
  const of = (split: string, subset: FeatureSubset) => featureProvenance(settings(split), backbone, dataset, subset);
  expect(of('renamed', 'train')).toEqual(of('first', 'train'));
  expect(of('other', 'train').config).not.toBe(of('first', 'train').config);
  expect(of('other', 'val')).toEqual(of('first', 'val'));
});

test('missing weights are an error that says how to get them', async () => {
  const backbone = { name: 'mobilenet_v1_025.keras_in1k', outputStride: 16 as const };
  const importing = /'unseen weights import mobilenet_v1_025.keras_in1k', and name the file under 'backbone.weights'/;
  await expect(loadExperimentBackbone({ ...backbone, weights: '/none.h5' })).rejects.toThrow(
    /^\/none.h5 does not exist/,
  );
  for (const weights of [{ weights: '/none.h5' }, {}]) {
    await expect(loadExperimentBackbone({ ...backbone, ...weights })).rejects.toThrow(importing);
  }
});

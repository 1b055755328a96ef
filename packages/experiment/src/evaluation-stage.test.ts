import { expect, test } from 'vitest';
import { describeProtocol } from './evaluation-stage.ts';
import type { DatasetProtocol } from './protocol.ts';
import type { ExperimentConfig } from './schema.ts';

test('the protocol says what a backbone of ImageNet has seen, and nothing of others', () => {
  const split = { seen: [1], unseen: [2] };
  const protocol = {
    dataset: { name: 'small', classes: [], ignore: [], splits: {}, train: [], val: [] },
    split,
  } as Partial<DatasetProtocol> as DatasetProtocol;
  const told = (name: string, weights?: string) =>
    describeProtocol(
      {
        backbone: { name, weights, outputStride: 8, train: false },
        data: { size: [24, 24], train: {}, val: {} },
        embeddings: { table: 'small' },
        evaluate: { resolution: 'feature' },
      } as Partial<ExperimentConfig> as ExperimentConfig,
      protocol,
    );
  expect(told('resnet101.caffe_in1k', '/data/r101.safetensors').pretraining).toMatch(/r101\.safetensors.*ImageNet/);
  expect(told('resnet101.caffe_in1k')).not.toHaveProperty('pretraining');
  expect(told('resnet_micro.toy_attributes', 'toy.safetensors')).not.toHaveProperty('pretraining');
});

import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { describe, expect, test } from 'vitest';
import { weightNamesOf } from '../import-weights.ts';
import { createBackbone } from '../registry.ts';
import { createSegmentationNetwork } from '../segmentation-registry.ts';
import { deepLabV2Names } from './deeplab-v2.ts';
import { zs3NetNames } from './deeplab-v3plus.ts';

const options = { init: constant(0), seeds: new SeedTree(0) };
const convNorm = (conv: string, norm: string) => [
  `${conv}.weight`,
  ...['weight', 'bias', 'running_mean', 'running_var'].map((part) => `${norm}.${part}`),
];
const count = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Names of torchvision's ResNets, as its code numbers them; the first stage of basic blocks has no projection. */
function torchvisionNames(depths: readonly number[], convolutions: number): string[] {
  const blocks = depths.flatMap((depth, stage) =>
    count(depth).flatMap((i) => {
      const at = `layer${stage + 1}.${i}`;
      const projects = i === 0 && (stage > 0 || convolutions === 3);
      return [
        ...count(convolutions).flatMap((n) => convNorm(`${at}.conv${n + 1}`, `${at}.bn${n + 1}`)),
        ...(projects ? convNorm(`${at}.downsample.0`, `${at}.downsample.1`) : []),
      ];
    }),
  );
  return [...convNorm('conv1', 'bn1'), ...blocks];
}

/** Names of SPNet's and CaGNet's ResNet. */
function caffeNames(depths: readonly number[]): string[] {
  const unit = (name: string) => convNorm(`${name}.conv`, `${name}.bn`);
  const blocks = depths.flatMap((depth, stage) =>
    count(depth).flatMap((i) => {
      const parts = ['reduce', 'conv3x3', 'increase', ...(i === 0 ? ['proj'] : [])];
      return parts.flatMap((part) => unit(`layer${stage + 2}.block${i + 1}.${part}`));
    }),
  );
  return [...unit('layer1.conv1'), ...blocks];
}

const DEPTHS = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3] };

const vggNames = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28].flatMap((i) => [
  `features.${i}.weight`,
  `features.${i}.bias`,
]);

describe('every published name has one place, and every place a name', () => {
  test.each([
    ['resnet18.tv_in1k', 'torchvision', torchvisionNames(DEPTHS[18], 2)],
    ['resnet34.tv_in1k', 'torchvision', torchvisionNames(DEPTHS[34], 2)],
    ['resnet50.tv_in1k', 'torchvision', torchvisionNames(DEPTHS[50], 3)],
    ['resnet101.tv_in1k', 'torchvision', torchvisionNames(DEPTHS[101], 3)],
    ['resnet101.caffe_in1k', 'torchvision', torchvisionNames(DEPTHS[101], 3).map((name) => `Scale.${name}`)],
    ['resnet101.caffe_in1k', 'SPNet and CaGNet', caffeNames(DEPTHS[101])],
    ['resnet101.caffe_in1k', 'SPNet and CaGNet', caffeNames(DEPTHS[101]).map((name) => `scale.${name}`)],
    ['vgg16.tv_in1k', 'torchvision', vggNames],
  ])('%s by the names of %s', (name, family, names) => {
    const encoder = createBackbone(name, options);
    const { rename } = weightNamesOf(encoder).find((one) => one.family === family)!;
    expect(names.map(rename).sort()).toEqual([...encoder.namedParameters().keys()].sort());
  });
});

test.each([
  [deepLabV2Names(), 'deeplabv2_resnet101.caffe', 'scale.aspp.stages.c3.bias', 'aspp.branches.3.bias'],
  [deepLabV2Names(), 'deeplabv2_resnet101.caffe', 'Scale.layer5.conv2d_list.0.weight', 'aspp.branches.0.weight'],
  [deepLabV2Names(), 'deeplabv2_resnet101.caffe', 'Scale.layer4.2.bn3.bias', 'encoder.layers.3.2.expand.norm.shift'],
  [zs3NetNames(), 'deeplabv3plus_resnet101.zs3', 'backbone.conv1.weight', 'encoder.stem.conv.weight'],
  [
    zs3NetNames(),
    'deeplabv3plus_resnet101.zs3',
    'decoder.last_conv.5.running_var',
    'decoder.refine.1.norm.runningVariance',
  ],
  [zs3NetNames(), 'deeplabv3plus_resnet101.zs3', 'aspp.aspp2.bn.weight', 'decoder.aspp.branches.1.norm.scale'],
])('whole networks too: $family', ({ rename }, network, given, expected) => {
  expect(rename(given)).toBe(expected);
  const parameters = createSegmentationNetwork(network, { ...options, classes: 2 }).namedParameters();
  expect(parameters.has(expected)).toBe(true);
});

test('what no network has is given no name', () => {
  const families = [
    ...weightNamesOf(createBackbone('test_resnet_caffe.micro', options)),
    ...weightNamesOf(createBackbone('test_vgg.micro', options)),
    ...weightNamesOf(createBackbone('test_mobilenet.micro', options)),
  ].filter(({ family }) => family !== 'unseen');
  expect(families).toHaveLength(4);
  const strange = ['layer1.0.conv9.weight', 'bn1.num_batches_tracked', 'features.1.weight', 'conv_dw_1/bias:0', ''];
  for (const { rename } of families) expect(strange.map(rename)).toEqual(strange.map(() => undefined));
});

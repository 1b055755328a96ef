import { SeedTree, UserError } from '@unseen/core';
import { constant } from '@unseen/nn';
import { expect, test } from 'vitest';
import { type DilationRule, dilateBlocks, planStrides } from './dilation.ts';
import { createBackbone } from './registry.ts';
import { ResNet } from './resnet.ts';
import { Bottleneck } from './resnet-blocks.ts';

const seeds = new SeedTree(0);
const init = constant(0);

/** Dilations of the 3×3 convolutions of the last two stages. */
function dilations(options: { outputStride: number; dilation?: DilationRule; multiGrid?: number[] }): number[][] {
  const network = createBackbone('resnet50.tv_in1k', { ...options, init, seeds });
  if (!(network instanceof ResNet)) throw new Error('resnet50 is a ResNet');
  return network.layers
    .slice(2)
    .map((blocks) => blocks.map((block) => (block instanceof Bottleneck ? block.spatial.conv.dilation : 0)));
}

test('exact: the convolution that lost its stride keeps its dilation, as in torchvision', () => {
  expect(dilations({ outputStride: 16 })).toEqual([Array(6).fill(1), [1, 2, 2]]);
  expect(dilations({ outputStride: 8 })).toEqual([
    [1, 2, 2, 2, 2, 2],
    [2, 4, 4],
  ]);
});

test('uniform with a multi-grid of 1, 2, 4: dilations 2, 4, 8 at stride 16, 4, 8, 16 at stride 8', () => {
  const rule = { dilation: 'uniform' as const, multiGrid: [1, 2, 4] };
  expect(dilations({ outputStride: 16, ...rule })).toEqual([Array(6).fill(1), [2, 4, 8]]);
  expect(dilations({ outputStride: 8, ...rule })).toEqual([Array(6).fill(2), [4, 8, 16]]);
});

test('none: strides go and nothing is dilated', () => {
  expect(dilations({ outputStride: 8, dilation: 'none' }).flat()).toEqual(Array(9).fill(1));
});

test('a multi-grid of another length, or where nothing is dilated, is refused', () => {
  const [plan] = planStrides([2], 4, 4);
  expect(() => dilateBlocks(plan, 3, { rule: 'uniform', multiGrid: [1, 2] })).toThrow(
    'one factor for each of the 3 blocks',
  );
  expect(() => dilateBlocks(plan, 2, { rule: 'none', multiGrid: [1, 2] })).toThrow(UserError);
});

test('networks that know one rule refuse the others', () => {
  expect(() => createBackbone('test_mobilenet.micro', { dilation: 'none', seeds })).toThrow('one of: exact');
  expect(() => createBackbone('test_vgg.micro', { multiGrid: [2], seeds })).toThrow('one of: exact');
});

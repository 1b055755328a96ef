import { SeedTree } from '@unseen/core';
import { BatchNorm, Conv2d, constant, type Module } from '@unseen/nn';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { SummedAspp } from './aspp.ts';
import type { Encoder } from './encoder.ts';
import { createBackbone } from './registry.ts';
import { ResNet } from './resnet.ts';
import { tapShapes } from './shapes.suite.ts';

const seeds = new SeedTree(0);
/** Where only shapes matter. */
const init = constant(0);

const convWeights = (network: Module) =>
  network.descendants(Conv2d).reduce((sum, { weight }) => sum + weight.values.length, 0);
const affines = (network: Module) =>
  network.descendants(BatchNorm).reduce((sum, { scale, shift }) => sum + scale.values.length + shift.values.length, 0);

test('ResNet-101: 42.39 M convolution weights and 105,344 of batch normalisation; ASPP(600) 44,239,200', () => {
  const network = createBackbone('resnet101.caffe_in1k', { outputStride: 8, init, seeds });
  expect(convWeights(network)).toBe(42_394_816);
  expect(affines(network)).toBe(105_344);
  expect(network.parameterCount()).toBe(42_394_816);
  const aspp = new SummedAspp({ inputs: 2048, outputs: 600, init, seeds });
  expect(aspp.parameterCount()).toBe(44_239_200);
});

test.each([
  ['resnet18.tv_in1k', 11_176_512],
  ['resnet34.tv_in1k', 21_284_672],
  ['resnet50.tv_in1k', 23_508_032],
])('%s has %d parameters without its classifier', (name, count) => {
  expect(createBackbone(name, { norm: 'trained', init, seeds }).parameterCount()).toBe(count);
});

test('DeepLab v2 grids: floor convolutions and a ceil pooling', () => {
  const network = createBackbone('resnet50.caffe_in1k', { outputStride: 8, init, seeds });
  const sides = [321, 328, 368, 376, 512, 513, 160, 240, 164, 246, 184, 276, 256, 384];
  expect(sides.map((side) => tapShapes(network, side)[0][1])).toEqual([
    41, 42, 47, 48, 65, 65, 21, 31, 21, 31, 24, 35, 33, 49,
  ]);
});

test.each([
  [8, 41],
  [16, 21],
  [32, 11],
])('torchvision networks at output stride %d', (outputStride, side) => {
  const network = createBackbone('resnet18.tv_in1k', { outputStride, taps: ['stage1', 'stage4'], init, seeds });
  expect(tapShapes(network, 321)).toEqual([
    [1, 81, 81, 64],
    [1, side, side, 512],
  ]);
  expect(network.taps.map(({ stride }) => stride)).toEqual([4, outputStride]);
});

/** Random statistics, so that an error in a normalisation cannot hide. */
function stir(network: Encoder): void {
  const random = seeds.child('norms').stream();
  for (const { scale, shift, runningMean, runningVariance } of network.descendants(BatchNorm)) {
    for (const p of [shift, runningMean])
      p.assign(random.fillNormal(new Float32Array(p.values.length)).map((x) => 0.1 * x));
    for (const p of [scale, runningVariance]) p.assign(p.values.map(() => random.between(0.5, 1.5)));
  }
}

async function features(network: Encoder, side: number): Promise<Float32Array> {
  const executable = (await createEagerEngine('cpu')).compile({
    name: 'encoder',
    inputs: { image: { shape: [1, side, side, 3], dtype: 'float32' } },
    describe: (ops, { image }) => ({ outputs: { features: network.forward(ops, image)[0] } }),
  });
  const image = seeds
    .child('image')
    .stream()
    .fillNormal(new Float32Array(side * side * 3));
  return executable.run({ image }).read('features');
}

test.each(['test_resnet.micro', 'test_resnet_bottleneck.micro'])(
  '%s: a dilated network computes the same features on a finer grid',
  async (name) => {
    const [coarse, fine] = [8, 4].map((outputStride) => {
      const network = createBackbone(name, { outputStride, seeds });
      stir(network);
      return network;
    });
    const [a, b] = [await features(coarse, 32), await features(fine, 32)];
    expect([a.length, b.length]).toEqual([16 * 64, 64 * 64]);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++)
        for (let c = 0; c < 64; c++) expect(b[(2 * i * 8 + 2 * j) * 64 + c]).toBeCloseTo(a[(i * 4 + j) * 64 + c], 4);
  },
);

test('a stride on the first 1×1 keeps that property too, with the dilation on the 3×3 at once', async () => {
  const build = (outputStride: number) => {
    const stem = { width: 8, kernel: 3, pool: 'ceil' } as const;
    const options = {
      depths: [1, 1],
      widths: [4, 4],
      strides: [1, 2],
      strideOn: 'reduce',
      block: 'bottleneck',
    } as const;
    const network = new ResNet({ ...options, stem, outputStride, seeds });
    stir(network);
    return network;
  };
  const [a, b] = [await features(build(8), 32), await features(build(4), 32)];
  const side = Math.sqrt(b.length / 16);
  expect(side).toBe(9);
  for (let i = 0; i < 5; i++)
    for (let j = 0; j < 5; j++)
      for (let c = 0; c < 16; c++) expect(b[(2 * i * side + 2 * j) * 16 + c]).toBeCloseTo(a[(i * 5 + j) * 16 + c], 4);
});

import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { constant } from '@unseen/nn';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { IMAGENET_STATISTICS } from './input-format.ts';
import { LargeFovHead } from './largefov.ts';
import { createBackbone } from './registry.ts';
import { tapShapes } from './shapes.suite.ts';
import { loadBackbone, saveBackbone } from './stored-weights.ts';
import { Vgg } from './vgg.ts';

const seeds = new SeedTree(0);
/** Where only shapes matter. */
const init = constant(0);
const engine = createEagerEngine('cpu');

test('parameters: VGG-16 without its dense layers 14,714,688; with the large field of view 20,483,904', () => {
  expect(createBackbone('vgg16.tv_in1k', { init, seeds }).parameterCount()).toBe(14_714_688);
  const largeFov = createBackbone('vgg16_largefov.caffe_in1k', { init, seeds });
  expect(largeFov.parameterCount()).toBe(14_714_688 + (9 * 512 * 1024 + 1024) + (1024 * 1024 + 1024));
});

test('the segmentation network of MCIS: the large field of view on ResNet-101 has 19,944,469 weights of its own', () => {
  const head = new LargeFovHead({ inputs: 2048, classes: 21, bias: false, dropout: 0, init, scoreInit: init, seeds });
  expect(head.parameterCount()).toBe(19_944_469);
  expect([...head.namedParameters().keys()]).toEqual([
    'view.spread.weight',
    'view.mix.weight',
    'score.weight',
    'score.bias',
  ]);
});

test.each([
  ['vgg16.tv_in1k', 16, [321, 193], [20, 12, 512]],
  ['vgg16.tv_in1k', 8, [321, 193], [40, 24, 512]],
  ['vgg16.tv_in1k', 8, [255, 191], [31, 23, 512]],
  ['vgg16_largefov.caffe_in1k', 8, [321, 193], [41, 25, 1024]],
  ['vgg16_largefov.caffe_in1k', 8, [320, 190], [41, 25, 1024]],
])('%s at output stride %d turns %j into %j', (name, outputStride, [height, width], expected) => {
  const network = createBackbone(name, { outputStride, init, seeds });
  expect(tapShapes(network, height, width)[0].slice(1)).toEqual(expected);
});

test('blocks as in the D1 trunk: the last pooling is 3×3 with stride 1, and dilation 2 behind it', () => {
  const dilations = (outputStride: number) =>
    (createBackbone('vgg16.tv_in1k', { outputStride, init, seeds }) as Vgg).blocks.map((block) =>
      block.map(({ dilation }) => dilation),
    );
  expect(dilations(16).flat()).toEqual(Array(13).fill(1));
  expect(dilations(8).map(([dilation]) => dilation)).toEqual([1, 1, 1, 1, 2]);
  expect(dilations(8)[4]).toEqual([2, 2, 2]);
});

async function outputs(network: Vgg, height: number, width: number) {
  const executable = (await engine).compile({
    name: 'vgg',
    inputs: { image: { shape: [1, height, width, 3], dtype: 'float32' } },
    describe(ops, { image }) {
      const taps = network.forward(ops, image);
      const named = Object.fromEntries(taps.map((tap, i) => [network.taps[i].name, tap]));
      const loss = ops.mean(ops.square(taps[taps.length - 1]));
      return { outputs: named, losses: { loss: { value: loss, parameters: network.parameters() } } };
    },
  });
  const image = seeds
    .child('image')
    .stream()
    .fillNormal(new Float32Array(height * width * 3));
  const result = executable.run({ image });
  const values: Record<string, Float32Array> = {};
  for (const { name } of network.taps) values[name] = await result.read(name);
  return { values, gradients: [...result.gradients.loss.values()] as { data(): Promise<Float32Array> }[] };
}

test('each output is a maximum over the window of a pooling and a sum over that of a convolution', async () => {
  // One channel, filters that pick their centre: blocks are identities of what is not negative.
  const options = { depths: [1, 1], widths: [1, 1], taps: ['block1', 'block2'], seeds, init };
  const centre = (network: Vgg) => {
    for (const { weight } of network.blocks.flat()) {
      const values = weight.values.slice();
      for (let i = 4; i < values.length; i += 9) values[i] = 1;
      weight.assign(values);
    }
    return network;
  };
  for (const [network, size, stride, side] of [
    [new Vgg(options), 2, 2, 3],
    [new Vgg({ ...options, pooling: 'deeplab' }), 3, 2, 4],
    [new Vgg({ ...options, outputStride: 1 }), 3, 1, 7],
  ] as const) {
    const { values } = await outputs(centre(network), 7, 7);
    const before = size === 3 ? 1 : 0;
    const pooled = Array.from({ length: side * side }, (_, i) => {
      const [top, left] = [Math.floor(i / side) * stride - before, (i % side) * stride - before];
      const window = [...values.block1].filter((_, j) => {
        const [y, x] = [Math.floor(j / 7) - top, (j % 7) - left];
        return y >= 0 && y < size && x >= 0 && x < size;
      });
      return Math.max(...window);
    });
    expect([...values.block2]).toEqual(pooled);
    expect(Math.max(...pooled)).toBeGreaterThan(0);
  }
});

test.each(['test_vgg.micro', 'test_vgg_largefov.micro'])(
  '%s: finite gradients for every weight, and the same features after saving and loading',
  async (name) => {
    const network = createBackbone(name, { seeds }) as Vgg;
    const before = await outputs(network, 37, 29);
    expect(before.gradients).toHaveLength(network.parameters().length);
    for (const gradient of before.gradients) {
      const values = await gradient.data();
      expect(values.every(Number.isFinite)).toBe(true);
      expect(values.some((x) => x !== 0)).toBe(true);
    }
    const folder = temporaryFolder();
    const path = join(folder, 'weights.safetensors');
    const info = { backbone: name, source: 'a test', licence: 'MIT', input: IMAGENET_STATISTICS };
    await saveBackbone(path, network, info);
    const loaded = createBackbone(name, { seeds: new SeedTree(1) }) as Vgg;
    await loadBackbone(path, loaded, name);
    expect((await outputs(loaded, 37, 29)).values).toEqual(before.values);
  },
);

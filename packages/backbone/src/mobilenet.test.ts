import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SeedTree, UserError } from '@unseen/core';
import { readNpy } from '@unseen/formats';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { UNIT_RANGE } from './input-format.ts';
import { MobileNetV1 } from './mobilenet.ts';
import { loadKerasMobileNet } from './mobilenet-variants.ts';
import { loadBackbone, saveBackbone } from './stored-weights.ts';

const seeds = new SeedTree(0);
const SHARED = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared');
const WEIGHTS = join(SHARED, 'data/weights/mobilenet_v1_025_imagenet/mobilenet_2_5_224_tf_no_top.h5');
const REFERENCE = join(SHARED, 'reference');
const present = existsSync(WEIGHTS) && existsSync(REFERENCE);
if (!present)
  process.stderr.write(
    `no published weights and reference features under ${SHARED}: the tests against them are skipped\n`,
  );

const all = (network: MobileNetV1) =>
  [...network.namedParameters().values()].reduce((sum, { values }) => sum + values.length, 0);

test('parameters as Keras counts them, running statistics included', () => {
  expect(all(new MobileNetV1({ alpha: 0.25, seeds }))).toBe(218_544);
  expect(all(new MobileNetV1({ seeds }))).toBe(3_228_864);
});

test('output strides by dilation: the layer that loses its stride keeps its dilation, what follows is dilated', () => {
  const plan = (outputStride: number) =>
    new MobileNetV1({ alpha: 0.25, outputStride, seeds }).blocks.map(({ depthwise: { conv } }) => [
      conv.stride,
      conv.dilation,
      ...conv.padding,
    ]);
  const [sparse, middle, dense] = [32, 16, 8].map(plan);
  expect(sparse[11]).toEqual([2, 1, 0, 1, 0, 1]);
  expect(sparse[12]).toEqual([1, 1, 1, 1, 1, 1]);
  expect(middle[5]).toEqual([2, 1, 0, 1, 0, 1]);
  expect(middle[11]).toEqual([1, 1, 1, 1, 1, 1]);
  expect(middle[12]).toEqual([1, 2, 2, 2, 2, 2]);
  expect(dense[5]).toEqual([1, 1, 1, 1, 1, 1]);
  expect(dense[10]).toEqual([1, 2, 2, 2, 2, 2]);
  expect(dense[11]).toEqual([1, 2, 2, 2, 2, 2]);
  expect(dense[12]).toEqual([1, 4, 4, 4, 4, 4]);
});

test('a width without channels is refused', () => {
  expect(() => new MobileNetV1({ alpha: 0.01, seeds })).toThrow(UserError);
});

test.skipIf(!present)('weights of another width are refused with a list, and change nothing', async () => {
  const network = new MobileNetV1({ alpha: 0.5, seeds });
  const before = network.stem.conv.weight.values.slice();
  await expect(loadKerasMobileNet(network, WEIGHTS)).rejects.toThrow(
    'conv1/kernel:0 is [3,3,3,8] instead of [3,3,3,16]',
  );
  expect(network.stem.conv.weight.values).toEqual(before);
});

test.skipIf(!present)(
  "features equal the reference's on its photos, also after a round trip through safetensors",
  async () => {
    const options = { alpha: 0.25, outputStride: 16, taps: ['block11', 'block13'] };
    const imported = new MobileNetV1({ ...options, seeds });
    await loadKerasMobileNet(imported, WEIGHTS);
    const network = new MobileNetV1({ ...options, seeds: new SeedTree(9) });
    const folder = temporaryFolder();
    const path = join(folder, 'weights.safetensors');
    const info = {
      backbone: 'mobilenet_v1_025.keras_in1k',
      source: 'Keras',
      licence: 'Apache-2.0',
      input: UNIT_RANGE,
    };
    await saveBackbone(path, imported, info);
    expect(await loadBackbone(path, network, info.backbone)).toEqual(info);
    await expect(loadBackbone(path, network, 'test_mobilenet.micro')).rejects.toThrow(
      'contains weights of mobilenet_v1_025',
    );
    const executable = (await createEagerEngine('cpu')).compile({
      name: 'encoder',
      inputs: { image: { shape: [1, 320, 320, 3], dtype: 'float32' } },
      describe: (ops, { image }) => {
        const [block11, block13] = network.forward(ops, image);
        return { outputs: { block11, block13 } };
      },
    });
    // One photo: the reference engine takes seconds for each.
    const [name] = readdirSync(REFERENCE).filter((file) => file.endsWith('_input.npy'));
    const result = executable.run({ image: await load(name) });
    for (const output of ['block11', 'block13']) {
      const expected = await load(name.replace('input', output));
      const features = await result.read(output);
      expect(features).toHaveLength(expected.length);
      const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
      const error = norm(features.map((x, i) => x - expected[i])) / norm(expected);
      expect(error, `${name} ${output}`).toBeLessThan(1e-4);
    }
  },
);

async function load(name: string): Promise<Float32Array> {
  const { values } = await readNpy(join(REFERENCE, name));
  if (!(values instanceof Float32Array)) throw new Error(`${name} is not float32`);
  return values;
}

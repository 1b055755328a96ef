import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree, sha256File, UserError } from '@unseen/core';
import { openWeights, writeSafetensors } from '@unseen/formats';
import { constant } from '@unseen/nn';
import { createEagerEngine } from '@unseen/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { type ImportBackboneOptions, importBackbone } from './import-backbone.ts';
import { describeLeftOut } from './import-weights.ts';
import { createBackbone } from './registry.ts';
import { loadBackbone } from './stored-weights.ts';

const DATA = join(import.meta.dirname, '../test-data');
const CASES = [
  {
    backbone: 'test_resnet_bottleneck.micro',
    file: 'torch-resnet.pth.tar',
    family: 'torchvision',
    leftOut: [
      'counters of batches (16): bn1.num_batches_tracked, layer1.0.bn1.num_batches_tracked, layer1.0.bn2.num_batches_tracked, layer1.0.bn3.num_batches_tracked and 12 more',
      'classifier (2): fc.weight, fc.bias',
    ],
  },
  {
    backbone: 'test_resnet_caffe.micro',
    file: 'caffe-resnet.pth',
    family: 'SPNet and CaGNet',
    leftOut: [
      expect.stringMatching(/^counters of batches \(12\): scale\.layer1\.conv1\.bn/),
      'pyramid of DeepLab v2 (2): scale.aspp.stages.c0.weight, scale.aspp.stages.c0.bias',
    ],
  },
  {
    backbone: 'test_vgg.micro',
    file: 'torch-vgg.pth',
    family: 'torchvision',
    leftOut: ['dense layers (2): classifier.0.weight, classifier.0.bias'],
  },
];

let folder: string;
let out: string;
beforeAll(async () => {
  folder = temporaryFolder();
  out = join(folder, 'out.safetensors');
});

const build = (name: string) => createBackbone(name, { norm: 'frozen', init: constant(0), seeds: new SeedTree(0) });

/** Tensors of a checkpoint under their own names, to be changed. */
async function tensorsOf(name: string) {
  const file = await openWeights(join(DATA, name));
  const tensors = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const info of file.tensors) {
    if (info.dtype !== 'I64') tensors.set(info.name, await file.readFloat32(info.name));
  }
  await file.close();
  return tensors;
}

async function importTensors(
  tensors: ReadonlyMap<string, { shape: readonly number[]; values: Float32Array }>,
  options: ImportBackboneOptions,
) {
  const path = join(folder, 'changed.safetensors');
  await writeSafetensors(path, [...tensors], {});
  return importBackbone(path, out, options);
}

describe.each(CASES)('$file', ({ backbone, file, family, leftOut }) => {
  test('imported, a network computes what PyTorch computed', async () => {
    const path = join(DATA, file);
    const { info, plan } = await importBackbone(path, out, { backbone });
    expect(plan.family).toBe(family);
    expect(describeLeftOut(plan)).toEqual(leftOut);
    expect(info).toMatchObject({ backbone, source: file, sha256: await sha256File(path), licence: 'unknown' });
    const encoder = build(backbone);
    expect(await loadBackbone(out, encoder, backbone)).toEqual(info);

    const numbers = await openWeights(join(DATA, `${file.split('.')[0]}.npz`));
    const image = await numbers.readFloat32('image');
    const expected = await numbers.readFloat32('output');
    await numbers.close();
    const executable = (await createEagerEngine('cpu')).compile({
      name: 'encoder',
      inputs: { image: { shape: image.shape, dtype: 'float32' } },
      describe: (ops, { image }) => ({ outputs: { features: encoder.forward(ops, image)[0] } }),
    });
    expect(executable.outputs.features).toEqual(expected.shape);
    const features = await executable.run({ image: image.values }).read('features');
    const scale = Math.max(...expected.values.map(Math.abs));
    expect(Math.max(...features.map((value, i) => Math.abs(value - expected.values[i])))).toBeLessThan(1e-5 * scale);
  });
});

describe('loading is strict', () => {
  const backbone = 'test_resnet_bottleneck.micro';

  test('missing, unknown and misshapen tensors are listed, and nothing is written', async () => {
    const tensors = await tensorsOf('torch-resnet.pth.tar');
    tensors.delete('layer2.1.conv3.weight');
    tensors.set('layer9.weight', { shape: [2], values: new Float32Array(2) });
    tensors.set('bn1.bias', { shape: [9], values: new Float32Array(9) });
    await rm(out, { force: true });
    const attempt = importTensors(tensors, { backbone });
    await expect(attempt).rejects.toBeInstanceOf(UserError);
    await expect(attempt).rejects.toThrow(
      /do not fit: missing: layers\.1\.1\.expand\.conv\.weight; unmatched: layer9\.weight; misshapen: bn1\.bias is \[9\] instead of \[8\]; expected .*torchvision.*--partial/,
    );
    expect(await readdir(folder)).not.toContain('out.safetensors');
  });

  test('in part when asked for: the file says what stayed random, the rest is loaded', async () => {
    const tensors = await tensorsOf('torch-resnet.pth.tar');
    tensors.delete('layer2.1.conv3.weight');
    tensors.set('bn1.bias', { shape: [9], values: new Float32Array(9) });
    const { info, plan } = await importTensors(tensors, { backbone, partial: true });
    expect(plan.missing).toEqual(['layers.1.1.expand.conv.weight']);
    expect(info.random).toEqual(['stem.norm.shift', 'layers.1.1.expand.conv.weight']);
    const encoder = build(backbone);
    await loadBackbone(out, encoder, backbone);
    const loaded = encoder.namedParameters();
    expect(loaded.get('stem.conv.weight')!.values).toEqual(tensors.get('conv1.weight')!.values);
    expect(loaded.get('layers.1.1.expand.conv.weight')!.values.some((value) => value !== 0)).toBe(true);
  });

  test('another network: nothing fits, in part neither', async () => {
    const tensors = await tensorsOf('torch-resnet.pth.tar');
    await expect(importTensors(tensors, { backbone: 'test_vgg.micro', partial: true })).rejects.toThrow(
      /do not fit.*choose the backbone of this file/,
    );
  });

  test('values that no network has', async () => {
    const tensors = await tensorsOf('torch-resnet.pth.tar');
    tensors.get('conv1.weight')!.values[5] = Number.NaN;
    await expect(importTensors(tensors, { backbone })).rejects.toThrow("weight 'conv1.weight' is not finite");
    tensors.get('conv1.weight')!.values[5] = 0;
    tensors.get('layer1.0.bn2.running_var')!.values[0] = -1;
    await expect(importTensors(tensors, { backbone })).rejects.toThrow(
      "'layer1.0.bn2.running_var' contains negative values",
    );
  });

  test('two tensors for one place', async () => {
    const tensors = await tensorsOf('torch-resnet.pth.tar');
    tensors.set('backbone.conv1.weight', tensors.get('conv1.weight')!);
    await expect(importTensors(tensors, { backbone })).rejects.toThrow(
      "'conv1.weight' and 'backbone.conv1.weight' both map to 'stem.conv.weight'",
    );
  });

  test('a checkpoint of several networks: one has to be named', async () => {
    const path = join(import.meta.dirname, '../../formats/test-data/two-tables.pth');
    await expect(importBackbone(path, out, { backbone })).rejects.toThrow(
      /several tables.*'generator'.*'discriminator'.*--table generator/,
    );
    await expect(importBackbone(path, out, { backbone, table: 'generator' })).rejects.toThrow('do not fit');
    await expect(importBackbone(path, out, { backbone: 'resnet1' })).rejects.toThrow("unknown backbone 'resnet1'");
  });
});

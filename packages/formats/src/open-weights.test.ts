import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, UserError } from '@unseen/core';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { openWeights } from './open-weights.ts';
import { writeSafetensors } from './safetensors.ts';
import { zipBytes } from './zip-writer.suite.ts';

const data = join(import.meta.dirname, '../test-data');
const published = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'data/weights');
const folder = temporaryFolder();

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('openWeights', () => {
  // By PyTorch 1.13 and h5py: tensors, elements, sum, sum of magnitudes, and a hash of names, types and shapes.
  it.skipIf(!existsSync(published)).each([
    ['alike/alike-n.pth', 'pytorch-zip', 59, 330136, 3121332.845594383, 3132568.885909603, '3f669c0cdc76efdd'],
    ['alike/alike-t.pth', 'pytorch-zip', 59, 83216, 5120669.956513723, 5124600.717962746, '5e3d39fac3f89b4b'],
    [
      'dicenet_voc/dicenet_s_0.2_pascal_384x384.pth',
      'pytorch-legacy',
      584,
      52489,
      76851332.31451292,
      76857859.61349696,
      '19d383d23ea30004',
    ],
    [
      'dicenet_voc/dicenet_s_1.0_pascal_384x384.pth',
      'pytorch-legacy',
      584,
      299413,
      81928690.21785228,
      81948752.18179159,
      '059fff098b836562',
    ],
    [
      'espnet_camvid/espnet_p_2_q_8.pth',
      'pytorch-legacy',
      154,
      352981,
      157.20087304442512,
      5635.736238776046,
      'e2675c9a4c761032',
    ],
    [
      'espnet_camvid/espnet_p_2_q_8_camvid.pth',
      'pytorch-legacy',
      189,
      358193,
      237.3083416543361,
      4859.855062522225,
      '09668d2a62e79a1f',
    ],
    [
      'espnetv2_voc/espnetv2_s_0.5_pascal_384x384.pth',
      'pytorch-legacy',
      526,
      87742,
      77925455.7249222,
      77935452.2668412,
      '5038af0917689c11',
    ],
    [
      'espnetv2_voc/espnetv2_s_1.0_pascal_384x384.pth',
      'pytorch-legacy',
      526,
      247290,
      81318007.86760852,
      81337406.33598483,
      'bc039facc83ec0a2',
    ],
    [
      'espnetv2_voc/espnetv2_s_2.0_pascal_384x384.pth',
      'pytorch-legacy',
      526,
      814362,
      75653295.10014191,
      75693763.85422574,
      '9ac5d611cf99536e',
    ],
    [
      'resnet_cifar10/resnet20-12fca82f.th',
      'pytorch-legacy',
      97,
      271098,
      139.7826495598208,
      21349.562590950623,
      'd1df9e7ba9d8753c',
    ],
    [
      'resnet_cifar10/resnet56-4bfd9763.th',
      'pytorch-legacy',
      277,
      857082,
      1427.879011697099,
      41377.086271385946,
      '210789899e849c10',
    ],
    [
      'mobilenet_v1_025_imagenet/mobilenet_2_5_224_tf_no_top.h5',
      'keras-hdf5',
      135,
      218544,
      52144.402400177576,
      99448.06959379397,
      undefined,
    ],
  ] as const)('reads %s (skipped without ../shared)', async (name, format, tensors, elements, sum, magnitude, hash) => {
    const weights = await openWeights(join(published, name));
    expect([weights.format, weights.tensors.length]).toEqual([format, tensors]);
    const totals = { elements: 0, sum: 0, magnitude: 0 };
    for (const tensor of weights.tensors) {
      const { values } = await weights.read(tensor.name);
      totals.elements += values.length;
      for (const value of values) {
        totals.sum += Number(value);
        totals.magnitude += Math.abs(Number(value));
      }
    }
    await weights.close();
    expect(totals.elements).toBe(elements);
    expect(totals.sum / sum).toBeCloseTo(1, 12);
    expect(totals.magnitude / magnitude).toBeCloseTo(1, 12);
    const lines = weights.tensors.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape}]\n`).join('');
    if (hash) expect(sha256(lines).slice(0, 16)).toBe(hash);
  });

  it('finds the weights beside an optimizer, says what it did, and keeps what the checkpoint says about itself', async () => {
    for (const form of ['zip', 'legacy']) {
      const weights = await openWeights(join(data, `nested-${form}.pth.tar`));
      expect(weights.table).toBe('state_dict');
      expect(weights.tables).toEqual([{ path: 'state_dict', tensors: 7 }]);
      expect(weights.tensors[0].name).toBe('conv.weight');
      expect(weights.notes).toEqual([
        "using the tensors of 'state_dict'",
        "left out: 2 tensors of 'optimizer'",
        "removed 'module.' from the names",
      ]);
      expect(weights.metadata).toEqual({
        epoch: '3',
        arch: 'net',
        best: '0.5',
        device: 'cpu',
        'args.lr': '0.1',
        'args.name': 'x',
      });
      expect((await weights.readFloat32('norm.running_var')).values).toEqual(Float32Array.of(9, 9.25, 9.5));
      await expect(weights.readFloat32('norm.num_batches_tracked')).rejects.toThrow('is of type I64; expected F32');
      await expect(weights.read('conv.weigth')).rejects.toThrow("did you mean 'conv.weight'?");
      await weights.close();
    }
  });

  it('keeps names as they are, and takes another table, when asked', async () => {
    const path = join(data, 'nested-zip.pth.tar');
    const named = await openWeights(path, { stripModule: false });
    expect(named.tensors[0].name).toBe('module.conv.weight');
    await named.close();
    const momentum = await openWeights(path, { table: 'optimizer/state/(0)' });
    expect(momentum.tensors.map(({ name, shape }) => [name, shape])).toEqual([['momentum_buffer', [3, 2, 2, 2]]]);
    await momentum.close();
    await expect(openWeights(path, { table: 'state' })).rejects.toThrow(
      "has no table 'state'; expected one of: 'state_dict' (7 tensors)",
    );
  });

  it('does not choose between several networks', async () => {
    const path = join(data, 'two-tables.pth');
    const both = await openWeights(path);
    expect(both.table).toBeUndefined();
    expect(both.tables).toEqual([
      { path: 'generator', tensors: 7 },
      { path: 'discriminator', tensors: 2 },
    ]);
    expect(both.notes.join()).toContain('choose one');
    expect(both.tensors.map(({ name }) => name)).toContain('discriminator/conv.weight');
    await both.close();
    const one = await openWeights(path, { table: 'discriminator' });
    expect(one.tensors.map(({ name }) => name)).toEqual(['conv.weight', 'conv.bias']);
    expect(one.notes).toEqual(["using the tensors of 'discriminator'", "left out: 7 tensors of 'generator'"]);
    await one.close();
  });

  it('reads the files of NumPy', async () => {
    const arrays = await openWeights(join(data, 'arrays.npz'));
    expect(arrays.tensors).toEqual([
      { name: 'a', shape: [2, 3], dtype: 'F32', bytes: 24 },
      { name: 'b', shape: [2, 3], dtype: 'I64', bytes: 48 },
      { name: 'h', shape: [1], dtype: 'F16', bytes: 2 },
    ]);
    expect(arrays.notes).toEqual(["left out 'name': elements of type <U2"]);
    expect((await arrays.read('a')).values).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    expect((await arrays.read('b')).values).toEqual(BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n));
    expect((await arrays.read('h')).values).toEqual(Float32Array.of(1.5));
    await arrays.close();
    const packed = await openWeights(join(data, 'compressed.npz'));
    expect((await packed.read('a')).values).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    expect((await packed.read('zeros')).values).toEqual(new Float64Array(10_000));
    await packed.close();
    const dictionary = await openWeights(join(data, 'dictionary.npy'));
    expect((await dictionary.read('dog')).values).toEqual(Float64Array.of(3, 4));
    expect((await dictionary.readFloat32('dog')).values).toEqual(Float32Array.of(3, 4));
    expect((await openWeights(join(data, 'values-2.pkl'))).tensors.map(({ name }) => name)).toEqual([
      'big_endian',
      'fortran',
    ]);
  });

  it('tells formats by their content, not by their names', async () => {
    const path = join(folder, 'weights.pth');
    await writeSafetensors(path, [['w', { shape: [2], values: Float32Array.of(1, 2) }]], { kind: 'test' });
    const weights = await openWeights(path);
    expect([weights.format, weights.metadata, weights.table]).toEqual(['safetensors', { kind: 'test' }, '']);
    expect((await weights.read('w')).values).toEqual(Float32Array.of(1, 2));
    await weights.close();
    await expect(openWeights(path, { table: 'x' })).rejects.toThrow("has no nested tables, so there is no 'x'");
  });

  it.each<[string, string | Uint8Array, string]>([
    ['a web page', '<!DOCTYPE html><html>', 'is a web page; .*the download failed'],
    ['a pointer', 'version https://git-lfs.github.com/spec/v1\n', 'git lfs pull'],
    ['gzip', Buffer.from('\x1f\x8b\x08', 'latin1'), 'compressed with gzip'],
    ['tar', `${'x\0'.padEnd(257, '\0')}ustar`, 'tar archive'],
    ['nothing', '', 'is empty; expected weights: safetensors'],
    ['text', 'hello', 'is not a recognized file of weights; expected weights'],
    ['another archive', zipBytes([{ name: 'a.txt', content: Buffer.from('x') }]), 'zip archive of a.txt'],
    ['Keras 3', zipBytes([{ name: 'model.weights.h5', content: Buffer.from('x') }]), 'format of Keras 3 '],
  ])('explains %s', async (name, content, message) => {
    const path = await write(name, content);
    const error = await openWeights(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(new RegExp(message));
    expect((error as UserError).message).toContain(path);
  });
});

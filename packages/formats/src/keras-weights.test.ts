import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import h5wasm from 'h5wasm/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { readKerasWeights } from './keras-weights.ts';

const published = join(
  process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'),
  'data/weights/mobilenet_v1_025_imagenet/mobilenet_2_5_224_tf_no_top.h5',
);

let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'weights.h5');
  await writeWeights(path, false);
});

async function writeWeights(to: string, wholeModel: boolean): Promise<void> {
  await h5wasm.ready;
  const file = new h5wasm.File(to, 'w');
  const root = wholeModel ? file.create_group('model_weights') : file;
  root.create_attribute('layer_names', ['input', 'second', 'first']);
  for (const [layer, weights] of [
    ['input', {}],
    ['first', { 'first/kernel:0': [[2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)] }],
    ['second', { 'second/gamma:0': [[2], Float64Array.of(0.5, 1.5)], 'second/beta:0': [[2], Float32Array.of(7, 8)] }],
  ] as const) {
    const group = root.create_group(layer);
    group.create_attribute('weight_names', Object.keys(weights));
    if (layer !== 'input') group.create_group(layer);
    for (const [name, [shape, data]] of Object.entries(weights)) {
      group.create_dataset({ name, data, shape: [...shape] });
    }
  }
  file.close();
}

describe('readKerasWeights', () => {
  it.each([false, true])('reads weights in the order of the layers (whole model: %s)', async (wholeModel) => {
    const file = join(folder, `${wholeModel}.h5`);
    await writeWeights(file, wholeModel);
    const weights = await readKerasWeights(file);
    expect([...weights.keys()]).toEqual(['second/gamma:0', 'second/beta:0', 'first/kernel:0']);
    expect(weights.get('second/gamma:0')).toEqual({ shape: [2], values: Float32Array.of(0.5, 1.5), dtype: 'F64' });
    expect(weights.get('first/kernel:0')).toEqual({
      shape: [2, 3],
      values: Float32Array.of(1, 2, 3, 4, 5, 6),
      dtype: 'F32',
    });
  });

  it('refuses files that are missing, no HDF5 or not of Keras', async () => {
    await expect(readKerasWeights(join(folder, 'absent.h5'))).rejects.toThrow('absent.h5 does not exist');
    const text = join(folder, 'text.h5');
    await writeFile(text, 'hello');
    await expect(readKerasWeights(text)).rejects.toThrow('cannot be read as HDF5');
    const other = join(folder, 'other.h5');
    new h5wasm.File(other, 'w').close();
    await expect(readKerasWeights(other)).rejects.toThrow(`${other} has no attribute 'layer_names'`);
    const newer = new h5wasm.File(other, 'w');
    newer.create_group('layers');
    newer.close();
    await expect(readKerasWeights(other)).rejects.toThrow('in the format of Keras 3 (.weights.h5)');
  });

  it.skipIf(!existsSync(published))('reads a published MobileNet (skipped without ../shared)', async () => {
    const weights = await readKerasWeights(published);
    const count = [...weights.values()].reduce((sum, { values }) => sum + values.length, 0);
    expect(count).toBe(218_544);
    expect(weights.get('conv1/kernel:0')?.shape).toEqual([3, 3, 3, 8]);
    expect(weights.get('conv_dw_1/depthwise_kernel:0')?.shape).toEqual([3, 3, 8, 1]);
    expect([...weights.values()].every(({ values }) => values.every(Number.isFinite))).toBe(true);
    expect(weights.get('conv1_bn/moving_variance:0')?.values.every((value) => value >= 0)).toBe(true);
  });

  it('goes on after a file on which the library never ends', async () => {
    const endless = join(import.meta.dirname, '../test-data/endless.h5');
    await expect(readKerasWeights(endless, { timeLimit: 1500 })).rejects.toThrow(
      `${endless} keeps the HDF5 library busy`,
    );
    expect((await readKerasWeights(path)).size).toBe(3);
  });

  it('answers damaged files with a UserError or weights of the promised size, one after the other', async () => {
    const good = await readFile(path);
    let files = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        async (at, byte, cut) => {
          const bytes = Buffer.from(good);
          bytes[at] = byte;
          // HDF5 may keep a damaged file open, and would take another one in its place for the same.
          const damaged = join(folder, `damaged-${files++}.h5`);
          await writeFile(damaged, cut ? bytes.subarray(0, at) : bytes);
          const result = await readKerasWeights(damaged, { timeLimit: 10_000 }).catch((error: unknown) => error);
          if (cut || !(result instanceof Map)) expect(result).toBeInstanceOf(UserError);
        },
      ),
      { numRuns: 100, seed: 3 },
    );
    expect((await readKerasWeights(path)).size).toBe(3);
  });

  it('refuses shapes that the file cannot hold', async () => {
    const large = join(folder, 'large.h5');
    const file = new h5wasm.File(large, 'w');
    file.create_attribute('layer_names', ['layer']);
    const group = file.create_group('layer');
    group.create_attribute('weight_names', ['w']);
    group.create_dataset({ name: 'w', data: new Float32Array(10), shape: [10], maxshape: [1e9], chunks: [10] });
    const dataset = group.get('w');
    if (dataset === null || !('resize' in dataset)) throw new Error('no dataset');
    (dataset as { resize(shape: number[]): void }).resize([500_000_000]);
    file.close();
    await expect(readKerasWeights(large)).rejects.toThrow("impossible shape for 'layer/w' (500000000)");
  });
});

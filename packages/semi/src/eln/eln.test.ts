import { join } from 'node:path';
import { SeedTree, UserError } from '@unseen/core';
import { constant, loadCheckpoint, type Module, saveCheckpoint } from '@unseen/nn';
import { createCompiledEngine } from '@unseen/onnx';
import { type Program, ShapeOps, Tape } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { ElnNetworks } from './eln-networks.ts';
import { ErrorLocalizer, localizerInput } from './error-localizer.ts';

const seeds = new SeedTree(0);
/** Where only shapes matter. */
const init = constant(0);
const engine = createCompiledEngine({ threads: 1, cachedGraphs: 0 });
const shapes = new Tape(new ShapeOps(false));
const MICRO = {
  network: 'test_deeplabv3plus_eln.micro',
  localizer: { network: 'test_deeplabv3plus_eln_error.micro' },
  classes: 3,
  seeds,
};

const random = (name: string, length: number) => seeds.child(name).stream().fillNormal(new Float32Array(length));

test.each([
  [21, 26_911_265],
  [19, 26_904_993],
])('the error localizer for %d classes has %d weights', (classes, count) => {
  expect(new ErrorLocalizer({ classes, init, seeds }).parameterCount()).toBe(count);
});

test('with ResNet-50 and 21 classes: a student, two more of its decoders, and the localizer', () => {
  const networks = new ElnNetworks({ classes: 21, init, seeds });
  expect(networks.student.parameterCount()).toBe(23_508_032 + 17_073_909);
  expect(networks.auxiliary.map((decoder) => decoder.parameterCount())).toEqual([17_073_909, 17_073_909]);
  expect(networks.parameterCount()).toBe(23_508_032 + 3 * 17_073_909 + 26_911_265);
});

test('grids: 505 pixels become 127 positions', () => {
  const localizer = new ErrorLocalizer({ classes: 21, init, seeds });
  const [image, logits] = [{ shape: [1, 505, 505, 3] }, { shape: [1, 127, 127, 21] }];
  expect(localizer.forward(shapes, image, logits).shape).toEqual([1, 127, 127, 1]);
  expect(localizer.network.encoder.forward(shapes, { shape: [1, 505, 505, 25] })[1].shape).toEqual([1, 32, 32, 512]);
});

async function run(program: Omit<Program, 'name'>, feeds: Record<string, Float32Array>) {
  const executable = engine.compile({ name: 'eln', ...program });
  return executable.run(feeds, seeds.child('noise').stream());
}

test.each(['logits', 'softmax'] as const)('the input is the image, the entropy and the %s', async (form) => {
  const [image, logits] = [random('image', 9 * 5 * 3), random('logits', 3 * 2 * 4)];
  const result = await run(
    {
      inputs: {
        image: { shape: [1, 9, 5, 3], dtype: 'float32' },
        logits: { shape: [1, 3, 2, 4], dtype: 'float32' },
      },
      describe: (ops, { image, logits }) => ({ outputs: { x: localizerInput(ops, image, logits, form) } }),
    },
    { image, logits },
  );
  const x = await result.read('x');
  // Matching corners: every fourth row and column is one of the prediction's.
  for (const [row, column] of [
    [0, 0],
    [1, 1],
    [2, 0],
  ]) {
    const at = (4 * row * 5 + 4 * column) * 8;
    const own = logits.subarray((row * 2 + column) * 4, (row * 2 + column) * 4 + 4);
    const exps = [...own].map(Math.exp);
    const sum = exps.reduce((a, b) => a + b);
    const probabilities = exps.map((e) => e / sum);
    const entropy = -probabilities.reduce((total, p) => total + p * Math.log(p), 0);
    const pixel = image.subarray((4 * row * 5 + 4 * column) * 3, (4 * row * 5 + 4 * column) * 3 + 3);
    const expected = [...pixel, entropy, ...(form === 'logits' ? own : probabilities)];
    expected.forEach((value, i) => {
      expect(x[at + i]).toBeCloseTo(value, 5);
    });
  }
});

const INPUTS = {
  image: { shape: [2, 21, 17, 3], dtype: 'float32' },
} as const;

/** Values of every part of the networks for images of odd sizes. */
async function valuesOf(networks: ElnNetworks): Promise<Record<string, Float32Array>> {
  const result = await run(
    {
      inputs: INPUTS,
      describe(ops, { image }) {
        const taps = networks.student.encoder.forward(ops, image);
        const { logits, embedding = logits } = networks.student.forward(ops, image);
        const [first, second] = networks.auxiliaryMaps(ops, taps).map((maps) => maps.logits);
        return { outputs: { logits, embedding, first, second, right: networks.localizer.forward(ops, image, logits) } };
      },
    },
    { image: random('image', 2 * 21 * 17 * 3) },
  );
  const values: Record<string, Float32Array> = {};
  for (const name of ['logits', 'embedding', 'first', 'second', 'right']) values[name] = await result.read(name);
  return values;
}

test('decoders begin apart; all is the same after saving and loading', async () => {
  const networks = new ElnNetworks(MICRO);
  const before = await valuesOf(networks);
  expect(before.first).not.toEqual(before.second);
  expect(before.first).not.toEqual(before.logits);
  expect(before.right).toHaveLength(before.logits.length / 3);
  const folder = temporaryFolder();
  const path = join(folder, 'networks.safetensors');
  await saveCheckpoint(path, { modules: { networks } });
  const loaded = new ElnNetworks({ ...MICRO, seeds: new SeedTree(1) });
  expect(await valuesOf(loaded)).not.toEqual(before);
  await loadCheckpoint(path, { modules: { networks: loaded } });
  expect(await valuesOf(loaded)).toEqual(before);
});

test('gradients are finite, and end where they should: at the encoder, and at the prediction', async () => {
  const networks = new ElnNetworks(MICRO);
  const parts: Record<string, Module> = {
    encoder: networks.student.encoder,
    decoder: networks.student.decoder,
    auxiliary: networks.auxiliary[1],
    localizer: networks.localizer,
  };
  const result = await run(
    {
      inputs: INPUTS,
      training: true,
      describe(ops, { image }) {
        const taps = networks.student.encoder.forward(ops, image);
        const { logits, embedding = logits } = networks.student.forward(ops, image);
        const own = ops.add(ops.mean(ops.square(logits)), ops.mean(ops.square(embedding)));
        const auxiliary = ops.mean(ops.square(networks.auxiliaryMaps(ops, taps)[1].logits));
        const errors = ops.mean(ops.square(networks.localizer.forward(ops, image, logits)));
        const parameters = Object.values(parts).flatMap((part) => part.parameters());
        return {
          outputs: {},
          losses: {
            own: { value: own, parameters },
            auxiliary: { value: auxiliary, parameters },
            errors: { value: errors, parameters },
          },
        };
      },
    },
    { image: random('image', 2 * 21 * 17 * 3) },
  );
  const reached: Record<string, string[]> = {};
  for (const [loss, gradients] of Object.entries(result.gradients)) {
    reached[loss] = [];
    for (const [name, part] of Object.entries(parts)) {
      const values = part.parameters().map((parameter) => (gradients.get(parameter) ?? []) as Float32Array);
      expect(
        values.every((gradient) => gradient.every(Number.isFinite)),
        name,
      ).toBe(true);
      if (values.some((gradient) => gradient.some((x) => x !== 0))) reached[loss].push(name);
    }
  }
  expect(reached).toEqual({ own: ['encoder', 'decoder'], auxiliary: ['auxiliary'], errors: ['localizer'] });
});

test('networks that ELN cannot be made of are refused', () => {
  expect(() => new ElnNetworks({ ...MICRO, network: 'test_deeplabv2.micro' })).toThrow(UserError);
  expect(() => new ElnNetworks({ ...MICRO, network: 'test_deeplabv3plus_zs3.micro' })).toThrow('no embedding');
});

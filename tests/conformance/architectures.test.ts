import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { SeedTree } from '@unseen/core';
import { constant, type Initializer, loadCheckpoint, saveCheckpoint } from '@unseen/nn';
import { createCompiledEngine } from '@unseen/onnx';
import { createEagerEngine, type Engine, type Program, ShapeOps, sizeOf, Tape } from '@unseen/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { type Architecture, architectures, type Network } from './architectures.ts';
import { expectForAll } from './compare.ts';
import { draws, normalInput, stir } from './sample.ts';

const seeds = new SeedTree(0);
/** Where only shapes matter. */
const zero = constant(0);
const micro = architectures.filter(({ micro }) => micro);
const large = architectures.filter(({ micro }) => !micro);
const compiled = createCompiledEngine({ threads: 1, cachedGraphs: 0 });

/**
 * Trainable weights with trained normalisation, those of heads for 21 classes included: as torchvision, Keras and the
 * authors' state dicts have them.
 */
const PARAMETERS: Readonly<Record<string, number>> = {
  'resnet18.tv_in1k': 11_176_512,
  'resnet34.tv_in1k': 21_284_672,
  'resnet50.tv_in1k': 23_508_032,
  'resnet101.tv_in1k': 42_500_160,
  'resnet50.caffe_in1k': 23_508_032,
  'resnet101.caffe_in1k': 42_500_160,
  'mobilenet_v1_025.keras_in1k': 213_072,
  'mobilenet_v1_050.keras_in1k': 818_592,
  'mobilenet_v1_075.keras_in1k': 1_816_560,
  'mobilenet_v1_100.keras_in1k': 3_206_976,
  'vgg16.tv_in1k': 14_714_688,
  'vgg16_largefov.caffe_in1k': 20_483_904,
  // The encoder, and 3·3·2048·21 + 21 for each of four branches.
  'deeplabv2_resnet101.caffe': 42_500_160 + 4 * (9 * 2048 * 21 + 21),
  'largefov_resnet101.mcis': 42_500_160 + 19_944_469,
  'deeplabv3plus_resnet101.zs3': 59_344_309,
  'deeplabv3plus_resnet50.eln': 23_508_032 + 17_073_909,
  'deeplabv3plus_resnet101.eln': 42_500_160 + 17_073_909,
  // Of images, and one map for each class.
  'deeplabv3plus_resnet34.eln_error': 21_284_672 + 5_557_601 + 20 * 257,
};

describe.each(architectures)('$name', ({ build }) => {
  it('has maps of its channels and strides for images of any size', () => {
    const network = build({ init: zero, seeds });
    const side = fc.integer({ min: 33, max: 193 });
    const shapesOf = (batch: number, height: number, width: number) => {
      const maps = network.forward(new Tape(new ShapeOps(false)), { shape: [batch, height, width, 3] });
      return Object.fromEntries(Object.entries(maps).map(([name, { shape }]) => [name, shape]));
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), side, side, (batch, height, width) => {
        const [shapes, turned] = [shapesOf(batch, height, width), shapesOf(batch, width, height)];
        for (const { name, channels, stride } of network.stages) {
          const [n, h, w, c] = shapes[name];
          expect([n, c]).toEqual([batch, channels]);
          expect(turned[name]).toEqual([n, w, h, c]);
          // Poolings without padding lose what is not a whole window, those by the ceil rule add a position.
          for (const [grid, of] of [
            [h, height],
            [w, width],
          ]) {
            expect(grid).toBeGreaterThanOrEqual(Math.floor(of / stride));
            expect(grid).toBeLessThanOrEqual(Math.ceil(of / stride) + 1);
          }
        }
        if (shapes.scores) expect(shapes.scores.slice(1, 3)).toEqual([height, width]);
      }),
      { numRuns: 15 },
    );
  });
});

describe.each(large)('$name', ({ name, build }) => {
  it('has the parameters that its authors count', () => {
    const { module } = build({ norm: 'trained', classes: 21, init: zero, seeds });
    expect(module.parameterCount()).toBe(PARAMETERS[name]);
  });
});

it('counts the parameters of no other network', () => {
  expect(Object.keys(PARAMETERS).filter((name) => !large.some((network) => network.name === name))).toEqual([]);
});

/** Kaiming's variance without the time that random numbers take for tens of millions of weights. */
const wave: Initializer = (shape) => {
  const scale = Math.sqrt(4 / sizeOf(shape.slice(1)));
  const values = new Float32Array(sizeOf(shape));
  const period = Math.min(1021, values.length);
  for (let i = 0; i < period; i++) values[i] = scale * Math.sin(i * i);
  for (let filled = period; filled < values.length; filled *= 2) values.copyWithin(filled, 0, filled);
  return values;
};

/** All maps of a network and, in training, the gradients of their mean square. */
function programOf(network: Network, shape: readonly [number, number, number, number], training: boolean): Program {
  return {
    name: 'architecture',
    training,
    inputs: { images: { shape, dtype: 'float32' } },
    describe(ops, { images }) {
      const outputs = network.forward(ops, images);
      if (!training) return { outputs };
      const value = Object.values(outputs)
        .map((map) => ops.mean(ops.square(map)))
        .reduce((a, b) => ops.add(a, b));
      return { outputs, losses: { loss: { value, parameters: network.module.parameters() } } };
    },
  };
}

/** Random images of a program's input. */
function feedsOf({ inputs }: Program) {
  const images = new Float32Array(sizeOf(inputs.images.shape));
  return { images: seeds.child('images').stream().fillNormal(images) };
}

async function run(engine: Engine, program: Program): Promise<Record<string, Float32Array>> {
  const executable = engine.compile(program);
  const result = executable.run(feedsOf(program), seeds.child('noise').stream());
  const outputs: Record<string, Float32Array> = {};
  for (const name of Object.keys(executable.outputs)) outputs[name] = (await result.read(name)).slice();
  executable.dispose();
  return outputs;
}

/** The largest have their turn where UNSEEN_SLOW is set: parity with the authors' numbers runs most of them anyway. */
const isSlow = ({ name }: Architecture) => /resnet101|eln/.test(name);

describe.each(large)('$name at full size', (architecture) => {
  it.skipIf(isSlow(architecture) && !process.env.UNSEEN_SLOW)(
    'computes finite maps',
    { timeout: 300_000 },
    async () => {
      const network = architecture.build({ init: wave, seeds });
      const outputs = await run(compiled, programOf(network, [1, 41, 49, 3], false));
      for (const [name, values] of Object.entries(outputs)) {
        expect(values.every(Number.isFinite), name).toBe(true);
        expect(
          values.some((x) => x !== values[0]),
          name,
        ).toBe(true);
      }
    },
  );
});

describe.each(micro)('$name', ({ build }) => {
  it.each(['frozen', 'trained'] as const)('gives every parameter a finite gradient, %s', async (norm) => {
    const network = build({ norm, seeds });
    const program = programOf(network, [3, 35, 43, 3], true);
    const executable = compiled.compile(program);
    const { gradients } = executable.run(feedsOf(program), seeds.child('noise').stream());
    for (const [name, parameter] of network.module.namedParameters()) {
      if (!parameter.trainable) continue;
      const gradient = gradients.loss.get(parameter);
      if (!(gradient instanceof Float32Array)) throw new Error(`no gradient of ${name}`);
      expect(gradient.every(Number.isFinite), name).toBe(true);
      expect(
        gradient.some((x) => x !== 0),
        name,
      ).toBe(true);
    }
    executable.dispose();
  });

  it('computes the same after saving and loading', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'weights.safetensors');
    const [saved, loaded] = [seeds, seeds.child('others')].map((tree) => build({ seeds: tree }));
    const before = await run(compiled, programOf(saved, [1, 35, 43, 3], false));
    const other = await run(compiled, programOf(loaded, [1, 35, 43, 3], false));
    expect(other).not.toEqual(before);
    await saveCheckpoint(path, { modules: { network: saved.module } });
    await loadCheckpoint(path, { modules: { network: loaded.module } });
    expect(await run(compiled, programOf(loaded, [1, 35, 43, 3], false))).toEqual(before);
  });

  it('leaves no tensor behind', async () => {
    const engine = await createEagerEngine('cpu');
    const before = tf.memory().numTensors;
    const program = programOf(build({ seeds, norm: 'frozen' }), [1, 33, 35, 3], true);
    const executable = engine.compile(program);
    const step = () => void executable.run(feedsOf(program), seeds.child('noise').stream());
    step();
    const after = tf.memory().numTensors;
    expect(after).toBeGreaterThan(before);
    step();
    expect(tf.memory().numTensors).toBe(after);
    executable.dispose();
    engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe.each(micro.filter(({ segments }) => segments))('$name', ({ name, build }) => {
  it('is the same, compiled and eager, with its dropout', async () => {
    await expectForAll(
      draws(9, 13),
      (draw) => {
        const network = build({ norm: 'frozen', seeds: draw.seeds });
        stir(network.module, draw);
        return {
          name,
          training: true,
          parameters: network.module.parameters(),
          inputs: { images: normalInput(draw, 'images', [draw.batch, draw.height, draw.width, 3]) },
          forward: (ops, { images }) => network.forward(ops, images),
        };
      },
      { runs: 2 },
    );
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { SeedTree } from '@unseen/core';
import {
  adam,
  BatchNorm,
  Conv2d,
  crossEntropy,
  DepthwiseConv2d,
  Module,
  movingStatistics,
  Optimizer,
  TrainingLoop,
  trackStatistics,
  updateStatistics,
} from '@unseen/nn';
import {
  createEagerEngine,
  type Described,
  type Engine,
  type Ops,
  type Parameter,
  type Program,
  sizeOf,
} from '@unseen/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onWebgpu, useSmallKernels, webgpuEngine, webgpuProblem } from './webgpu.ts';

const GRID = [9, 10] as const;
const CHANNELS = 12;
const CLASSES = 8;

/** Convolutions whose channels are multiples of 4 and not, dilated, strided and by channel, and a product. */
class Network extends Module {
  private readonly reduce: Conv2d;
  private readonly spread: DepthwiseConv2d;
  private readonly head: Conv2d;

  constructor(seeds: SeedTree) {
    super();
    this.reduce = new Conv2d({
      inputs: CHANNELS,
      outputs: 16,
      kernel: 3,
      stride: 2,
      dilation: 2,
      seeds: seeds.child('a'),
    });
    this.spread = new DepthwiseConv2d({ channels: 16, kernel: 3, seeds: seeds.child('b') });
    this.head = new Conv2d({ inputs: 16, outputs: CLASSES, seeds: seeds.child('c') });
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const hidden = ops.relu(this.reduce.forward(ops, x));
    const wide = ops.add(hidden, this.spread.forward(ops, hidden));
    return ops.resizeBilinear(this.head.forward(ops, wide), GRID);
  }
}

interface Limits {
  readonly maxBufferSize: number;
}

const shape = [2, ...GRID, CHANNELS];
const step = (network: Network, training: boolean): Program => ({
  name: 'step',
  training,
  inputs: { x: { shape, dtype: 'float32' }, labels: { shape: [2, ...GRID], dtype: 'int32' } },
  describe<V>(ops: Ops<V>, { x, labels }: Readonly<Record<string, V>>): Described<V> {
    const noisy = training ? ops.add(x, ops.mul(ops.normal(shape), ops.scalar(0.1))) : x;
    const scores = network.forward(ops, noisy);
    const value = crossEntropy(ops, scores, labels);
    return training
      ? { outputs: {}, losses: { loss: { value, parameters: network.parameters() } } }
      : { outputs: { scores } };
  },
});
const random = new SeedTree(5).stream();
const feeds = {
  x: random.fillNormal(new Float32Array(sizeOf(shape))),
  labels: Int32Array.from({ length: 2 * GRID[0] * GRID[1] }, () => random.integer(CLASSES + 1)),
};

/** A network that learns on an engine. */
function training(engine: Engine) {
  const network = new Network(new SeedTree(1));
  const executable = engine.compile(step(network, true));
  const optimizer = new Optimizer(engine, adam(), [{ parameters: network.parameters(), weightDecay: 1e-3 }]);
  const noise = new SeedTree(2).stream();
  const learn = () => {
    const result = executable.run(feeds, noise);
    optimizer.step(result.gradients.loss, 1e-2);
    return async () => ({ loss: await result.scalar('loss') });
  };
  return { network, executable, learn };
}

describe.skipIf(webgpuProblem !== undefined)(`training, ${onWebgpu}`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await webgpuEngine();
    useSmallKernels();
  });
  afterAll(() => engine?.dispose());

  test('leaves everything on the device between steps, in memory that is used again', async () => {
    const { device } = engine;
    const { network, executable, learn } = training(engine);
    for (let i = 0; i < 5; i++) learn();
    await device!.finish();
    const before = [device!.readBacks, tf.memory().numTensors];
    const allocated = device!.allocatedBytes!;
    for (let i = 0; i < 8; i++) learn();
    await device!.finish();
    expect([device!.readBacks, tf.memory().numTensors]).toEqual(before);
    // Where a batch of commands ends differs from step to step.
    expect(device!.allocatedBytes).toBeLessThan(1.1 * allocated);
    // Pulled once, and not again as long as nothing has changed.
    await engine.pull(network.parameters());
    const pulled = device!.readBacks;
    expect(pulled).toBe(before[0] + network.parameters().length);
    await engine.pull(network.parameters());
    expect(device!.readBacks).toBe(pulled);
    executable.dispose();
  });

  test('reads losses only when they are due, and then all that a cpu would', async () => {
    const { device } = engine;
    const { executable, learn } = training(engine);
    const seen: Record<number, number> = {};
    const before = device!.readBacks;
    const loop = new TrainingLoop({
      iterations: 7,
      step: async () => learn(),
      reads: ({ iteration }) => iteration % 3 === 0,
      hooks: [
        {
          onScalars({ iteration, scalars }) {
            seen[iteration] = scalars.loss;
          },
        },
      ],
    });
    await loop.run();
    expect(Object.keys(seen)).toEqual(['3', '6', '7']);
    expect(device!.readBacks).toBe(before + 3);
    executable.dispose();
    expect(seen[7]).toBeLessThan(seen[3]);
  });

  test('moves weights as the reference does', async () => {
    const learnt = async (on: Engine): Promise<readonly Parameter[]> => {
      const { network, executable, learn } = training(on);
      for (let i = 0; i < 3; i++) learn();
      await on.pull(network.parameters());
      executable.dispose();
      return network.parameters();
    };
    const ours = await learnt(engine);
    const reference = await createEagerEngine('cpu');
    const theirs = await learnt(reference);
    reference.dispose();
    tf.setBackend('webgpu');
    for (const [i, { values }] of theirs.entries()) {
      const worst = Math.max(...values.map((value, k) => Math.abs(value - ours[i].values[k])));
      // Adam divides by the size of a gradient: where that is nearly 0, single precision decides.
      expect(worst, `parameter ${i}`).toBeLessThan(1e-3);
    }
  });

  test('moves the statistics of batch norms on the device', async () => {
    const norm = new BatchNorm({ channels: CHANNELS });
    const executable = engine.compile({
      name: 'norm',
      training: true,
      inputs: { x: { shape, dtype: 'float32' } },
      describe: (ops, { x }) => ({ outputs: trackStatistics(ops, [norm], () => norm.forward(ops, x)).outputs }),
    });
    const updater = engine.updater(movingStatistics);
    const before = engine.device!.readBacks;
    const outputs = Object.keys(executable.outputs);
    for (let i = 0; i < 2; i++) await updateStatistics([norm], executable.run({ x: feeds.x }), { outputs, updater });
    expect(engine.device!.readBacks).toBe(before);
    await engine.pull([norm.runningMean]);
    const mean = (c: number) =>
      feeds.x.reduce((sum, v, i) => (i % CHANNELS === c ? sum + v : sum), 0) / (2 * GRID[0] * GRID[1]);
    for (const [c, value] of norm.runningMean.values.entries()) expect(value).toBeCloseTo(0.19 * mean(c), 5);
    executable.dispose();
  });

  test('throws what the device refuses, and goes on', async () => {
    const { maxBufferSize } = (tf.backend() as unknown as { readonly device: { readonly limits: Limits } }).device
      .limits;
    const side = Math.ceil(Math.sqrt(maxBufferSize / 4)) + 1;
    const total = (n: number) =>
      engine.compile({
        name: 'square',
        inputs: { x: { shape: [n, 1], dtype: 'float32' } },
        describe: (ops, { x }) => ({ outputs: { y: ops.sum(ops.mul(x, ops.transpose(x, [1, 0]))) } }),
      });
    const [large, small] = [total(side), total(3)];
    const result = large.run({ x: new Float32Array(side) });
    await expect(result.scalar('y')).rejects.toThrow(/the GPU refused a computation \(.*[Bb]uffer.*smaller batches/s);
    expect(await small.run({ x: Float32Array.of(1, 2, 3) }).scalar('y')).toBe(36);
    large.dispose();
    small.dispose();
  });

  test('uploads the weights of a frozen network once', async () => {
    const network = new Network(new SeedTree(1));
    const executable = engine.compile(step(network, false), { frozen: true });
    const sizes = new Set(network.parameters().map(({ values }) => values.length));
    const written: number[] = [];
    const backend = tf.backend();
    const write = backend.write;
    backend.write = (values, ...rest) => {
      if (values && sizes.has(values.length)) written.push(values.length);
      return write.call(backend, values, ...rest);
    };
    try {
      const first = (await executable.run(feeds).read('scores')).slice();
      expect(written).toHaveLength(network.parameters().length);
      expect(await executable.run(feeds).read('scores')).toEqual(first);
      expect(written).toHaveLength(network.parameters().length);
      network.parameters()[0].assign(new Float32Array(network.parameters()[0].values.length));
      expect(await executable.run(feeds).read('scores')).not.toEqual(first);
      expect(written).toHaveLength(network.parameters().length + 1);
    } finally {
      backend.write = write;
      executable.dispose();
    }
  });

  // The last one: nothing is computed afterwards.
  test('throws that the device is lost', async () => {
    const { learn } = training(engine);
    const { device } = tf.backend() as unknown as { readonly device: { destroy(): void } };
    const losses = learn();
    device.destroy();
    await expect(losses()).rejects.toThrow(/the GPU was lost during a computation \(.*destroyed/);
  });
});

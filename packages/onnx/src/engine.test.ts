import { SeedTree } from '@unseen/core';
import { createEagerEngine, type Engine, type Ops, Parameter, type Program, type Shape, sizeOf } from '@unseen/tensor';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCompiledEngine } from './engine.ts';

const seeds = new SeedTree(11);
const random = (shape: Shape, name: string, scale = 1): Float32Array =>
  seeds
    .child(name)
    .stream()
    .fillNormal(new Float32Array(sizeOf(shape)))
    .map((v) => v * scale);
const weight = (shape: Shape, name: string, scale = 0.4): Parameter =>
  new Parameter(shape, { values: random(shape, name, scale) });

const engine = createCompiledEngine({ threads: 1 });
let eager: Engine;
beforeAll(async () => {
  eager = await createEagerEngine('cpu');
});

/** Largest difference relative to the largest value. */
function difference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  const largest = b.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-6);
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0) / largest;
}

interface NetOptions {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly stride: number;
  readonly dilation: number;
}

const classes = 5;

/** Stem, pooling, a residual block with frozen batch norm, depthwise and dilated convolutions, resizing, cross-entropy. */
function segmentation({ batch, height, width, channels, stride, dilation }: NetOptions) {
  const names = ['stem', 'shift', 'thin', 'scale', 'middle', 'depth', 'head', 'bias'] as const;
  const shapes: Record<(typeof names)[number], Shape> = {
    stem: [channels, 3, 3, 3],
    shift: [channels],
    thin: [2 * channels, channels, 1, 1],
    scale: [2 * channels],
    middle: [2 * channels, 2 * channels, 3, 3],
    depth: [2 * channels, 1, 3, 3],
    head: [classes, 2 * channels, 1, 1],
    bias: [classes],
  };
  const weights = Object.fromEntries(names.map((name) => [name, weight(shapes[name], name)])) as Record<
    (typeof names)[number],
    Parameter
  >;
  const pad = [1, 1, 1, 1] as const;
  const wide = [dilation, dilation, dilation, dilation] as const;
  const program: Program = {
    name: 'segmentation',
    training: true,
    inputs: {
      image: { shape: [batch, height, width, 3], dtype: 'float32' },
      labels: { shape: [batch, height, width], dtype: 'int32' },
    },
    describe<V>(ops: Ops<V>, { image, labels }: Readonly<Record<string, V>>) {
      const w = (name: (typeof names)[number]) => ops.parameter(weights[name]);
      // tanh instead of ReLU: kinks would make tiny differences large.
      const stem = ops.tanh(ops.add(ops.conv2d(image, w('stem'), { stride, padding: pad }), w('shift')));
      const pooled = ops.averagePool(stem, { size: 3, stride: 1, padding: pad });
      const x = ops.mul(ops.conv2d(pooled, w('thin')), w('scale'));
      const middle = ops.conv2d(x, w('middle'), { dilation, padding: wide });
      const context = ops.depthwiseConv2d(ops.sigmoid(ops.add(middle, x)), w('depth'), { padding: pad });
      const joined = ops.add(ops.mul(context, ops.bernoulli(ops.shape(context), 0.7)), x);
      const logits = ops.resizeBilinear(ops.add(ops.conv2d(joined, w('head')), w('bias')), [height, width]);
      const losses = ops.mul(ops.logSoftmax(logits), ops.oneHot(labels, classes));
      const noisy = ops.add(ops.mean(ops.square(joined)), ops.mean(ops.mul(joined, ops.normal(ops.shape(joined)))));
      return {
        outputs: { logits },
        losses: {
          loss: { value: ops.neg(ops.mean(ops.sum(losses, [-1]))), parameters: Object.values(weights) },
          noisy: { value: noisy, parameters: [weights.stem, weights.depth] },
        },
      };
    },
  };
  const feeds = {
    image: random([batch, height, width, 3], 'image'),
    labels: Uint8Array.from({ length: batch * height * width }, (_, i) => (i * 7) % (classes + 1)),
  };
  return { program, weights, feeds };
}

const nets = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 5, max: 12 }),
  width: fc.integer({ min: 5, max: 12 }),
  channels: fc.integer({ min: 1, max: 6 }),
  stride: fc.integer({ min: 1, max: 2 }),
  dilation: fc.integer({ min: 1, max: 3 }),
});

async function expectEqual(net: NetOptions, by = engine): Promise<void> {
  const { program, weights, feeds } = segmentation(net);
  const [ours, theirs] = [by.compile(program), eager.compile(program)];
  const a = ours.run(feeds, seeds.child('noise').stream());
  const b = theirs.run(feeds, seeds.child('noise').stream());
  for (const output of ['logits', 'loss', 'noisy'])
    expect(difference(await a.read(output), await b.read(output)), output).toBeLessThan(1e-5);
  for (const [loss, gradients] of Object.entries(a.gradients))
    for (const [name, parameter] of Object.entries(weights)) {
      const gradient = gradients.get(parameter) as Float32Array | undefined;
      const expected = b.gradients[loss].get(parameter) as { data(): Promise<Float32Array> } | undefined;
      expect(gradient === undefined, `${loss} ${name}`).toBe(expected === undefined);
      if (gradient && expected)
        expect(difference(gradient, await expected.data()), `${loss} ${name}`).toBeLessThan(1e-5);
    }
  ours.dispose();
  theirs.dispose();
}

describe('a whole network', () => {
  it('has the eager values and gradients, for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(nets, (net) => expectEqual(net)),
      { numRuns: 12 },
    );
  });

  it('has them where the binding cannot write results in place', async () => {
    const copying = createCompiledEngine({ threads: 1, direct: false });
    await expectEqual({ batch: 2, height: 7, width: 9, channels: 4, stride: 2, dilation: 1 }, copying);
    copying.dispose();
  });

  it('has them for 100 classes, whose one-hot rows are needed in both layouts', async () => {
    const head = weight([100, 2, 1, 1], 'head of 100');
    const program: Program = {
      name: 'many classes',
      inputs: { x: { shape: [1, 2, 3, 2], dtype: 'float32' }, labels: { shape: [1, 2, 3], dtype: 'int32' } },
      describe: (ops, { x, labels }) => {
        const truth = ops.oneHot(labels, 100);
        const scores = ops.logSoftmax(ops.conv2d(x, ops.parameter(head)));
        const loss = ops.div(ops.sum(ops.mul(scores, truth)), ops.sum(truth));
        return { outputs: {}, losses: { loss: { value: loss, parameters: [head] } } };
      },
    };
    const feeds = { x: random([1, 2, 3, 2], 'x of 100'), labels: Int32Array.of(0, 99, 255, 64, 65, 7) };
    const results = [engine, eager].map((one) => one.compile(program).run(feeds));
    const [ours, theirs] = await Promise.all(results.map((result) => result.read('loss')));
    expect(difference(ours, theirs)).toBeLessThan(1e-5);
  });

  it('has them for filters that are expanded in chunks and for batches made into one product', async () => {
    await expectEqual({ batch: 18, height: 6, width: 5, channels: 3, stride: 1, dilation: 1 });
    const [deep, thin] = [weight([48, 96, 3, 3], 'deep'), weight([4, 96, 3, 3], 'thin')];
    const program: Program = {
      name: 'chunks',
      inputs: { x: { shape: [1, 60, 60, 96], dtype: 'float32' } },
      describe: (ops, { x }) => {
        const conv = (filter: Parameter) => ops.conv2d(x, ops.parameter(filter), { padding: [1, 1, 1, 1] });
        const loss = ops.add(ops.mean(ops.square(conv(deep))), ops.mean(ops.square(conv(thin))));
        return { outputs: {}, losses: { loss: { value: loss, parameters: [deep, thin] } } };
      },
    };
    const executable = engine.compile(program);
    const feeds = { x: random([1, 60, 60, 96], 'x') };
    const gradients = executable.run(feeds).gradients.loss;
    // The loss is quadratic in the filters: half the gradient times the filters is the loss itself.
    const inner = [deep, thin].reduce(
      (sum, p) => sum + p.values.reduce((s, v, i) => s + v * (gradients.get(p) as Float32Array)[i], 0),
      0,
    );
    expect(inner / 2 / (await executable.run(feeds).scalar('loss'))).toBeCloseTo(1, 5);
    for (const [p, index] of [
      [deep, 12_345],
      [thin, 2_222],
    ] as const) {
      const value = p.values[index];
      const at = async (v: number) => {
        p.values[index] = v;
        return executable.run(feeds).scalar('loss');
      };
      const slope = ((await at(value + 0.5)) - (await at(value - 0.5))) / 1;
      p.values[index] = value;
      executable.run(feeds);
      expect(
        difference(Float32Array.of(slope), Float32Array.of((gradients.get(p) as Float32Array)[index])),
      ).toBeLessThan(5e-2);
    }
    executable.dispose();
  });

  it('frozen keeps the weights it was compiled with', async () => {
    const { program, weights, feeds } = segmentation({
      batch: 1,
      height: 8,
      width: 9,
      channels: 4,
      stride: 2,
      dilation: 2,
    });
    const live = engine.compile({ ...program, training: false });
    const frozen = engine.compile({ ...program, training: false }, { frozen: true });
    const noise = () => seeds.child('noise').stream();
    const before = (await live.run(feeds, noise()).read('logits')).slice();
    weights.head.assign(weights.head.values.map((v) => v + 1));
    expect(difference(await frozen.run(feeds, noise()).read('logits'), before)).toBeLessThan(1e-5);
    expect(difference(await live.run(feeds, noise()).read('logits'), before)).toBeGreaterThan(1e-2);
    expect(frozen.run(feeds, noise()).gradients).toEqual({});
  });
});

describe('compiled graphs', () => {
  const tiny = (size: number): Program => {
    const filter = weight([3, 3, 1, 1], 'tiny');
    return {
      name: 'tiny',
      inputs: { x: { shape: [1, size, size, 3], dtype: 'float32' } },
      describe: (ops, { x }) => ({
        outputs: {},
        losses: {
          loss: { value: ops.mean(ops.relu(ops.conv2d(x, ops.parameter(filter)))), parameters: [filter] },
        },
      }),
    };
  };

  it('are compiled once per shape, also for other weights, and forgotten beyond the limit', () => {
    const small = createCompiledEngine({ threads: 1, cachedGraphs: 2 });
    for (let round = 0; round < 2; round++) for (const size of [4, 5]) small.compile(tiny(size)).dispose();
    expect(small.compilations).toBe(2);
    for (const size of [6, 4]) small.compile(tiny(size)).dispose();
    expect(small.compilations).toBe(4);
    small.dispose();
  });

  it('train for a thousand steps on crops of several sizes without another compilation and without using more memory', () => {
    const sizes = [6, 9, 8];
    const crops = sizes.map((height) =>
      segmentation({ batch: 2, height, width: 7, channels: 3, stride: 1, dilation: 1 }),
    );
    const training = createCompiledEngine({ threads: 1, cachedGraphs: 3 });
    const updater = training.updater({
      name: 'descent',
      slots: [],
      scalars: ['rate'],
      update: (ops, weights, gradient, _, { rate }) => ({
        weights: ops.sub(weights, ops.mul(gradient, rate)),
        slots: {},
      }),
    });
    const executables = crops.map(({ program }) => training.compile(program));
    const noise = seeds.child('long').stream();
    const steps = (count: number) => {
      for (let i = 0; i < count; i++) {
        const { gradients } = executables[i % crops.length].run(crops[i % crops.length].feeds, noise);
        for (const [parameter, gradient] of Object.values(gradients).flatMap((parts) => [...parts]))
          updater.apply(parameter, gradient, {}, { rate: 1e-4 });
      }
      return process.memoryUsage().rss;
    };
    // JavaScript's heap has its size after these.
    const before = steps(800);
    expect(steps(1000) - before).toBeLessThan(12e6);
    for (const { program } of crops) training.compile(program).dispose();
    expect(training.compilations).toBe(crops.length + 1);
    training.dispose();
  });
});

// ONNX Runtime's ScatterND adds to one row from several threads at once, and some of the sums are lost.
it('adds all gradients of rows that are gathered repeatedly, on several threads', () => {
  const parallel = createCompiledEngine({ threads: 4 });
  const [rows, count, channels] = [600, 1600, 256];
  const table = new Parameter([rows, channels]);
  const step = parallel.compile({
    name: 'gather',
    inputs: { indices: { shape: [count], dtype: 'int32' } },
    training: true,
    describe: (ops, { indices }) => ({
      outputs: {},
      losses: { loss: { value: ops.sum(ops.gather(ops.parameter(table), indices)), parameters: [table] } },
    }),
  });
  const indices = Int32Array.from({ length: count }, (_, i) => (i < rows ? i : 0));
  for (let k = 0; k < 40; k++) {
    const gradient = step.run({ indices }).gradients.loss.get(table) as Float32Array;
    expect(gradient.every((value, i) => value === (i < channels ? 1001 : 1))).toBe(true);
  }
  parallel.dispose();
});

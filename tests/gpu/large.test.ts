import { SeedTree } from '@unseen/core';
import { createEagerEngine, type Engine, type Ops, Parameter, type Program, type Shape, sizeOf } from '@unseen/tensor';
import { describe, expect, test } from 'vitest';
import { onWebgpu, webgpuEngine, webgpuProblem } from './webgpu.ts';

interface LargeCase {
  readonly name: string;
  readonly inputs: readonly Shape[];
  build<V>(ops: Ops<V>, inputs: readonly V[]): V;
}

const around = (n: number) => ({ padding: [n, n, n, n] as const });

/** Larger than those of the conformance suite, so that other kernels are chosen: tiled, by fours, in several parts. */
const cases: readonly LargeCase[] = [
  {
    name: 'a product in tiles',
    inputs: [
      [130, 96],
      [96, 72],
    ],
    build: (ops, [a, b]) => ops.matMul(a, b),
  },
  {
    name: 'a long product, which is split',
    inputs: [
      [8, 3000],
      [3000, 12],
    ],
    build: (ops, [a, b]) => ops.matMul(a, b),
  },
  {
    name: 'a transposed product of odd sizes',
    inputs: [
      [75, 67],
      [33, 67],
    ],
    build: (ops, [a, b]) => ops.matMul(a, b, { transposeB: true }),
  },
  {
    name: 'a 3x3 convolution whose channels are a multiple of four',
    inputs: [
      [2, 13, 14, 16],
      [24, 16, 3, 3],
    ],
    build: (ops, [x, filter]) => ops.conv2d(x, filter, around(1)),
  },
  {
    name: 'a 1x1 convolution',
    inputs: [
      [2, 13, 14, 16],
      [24, 16, 1, 1],
    ],
    build: (ops, [x, filter]) => ops.conv2d(x, filter),
  },
  {
    name: 'a strided 7x7 convolution of photos',
    inputs: [
      [1, 33, 33, 3],
      [16, 3, 7, 7],
    ],
    build: (ops, [x, filter]) => ops.conv2d(x, filter, { stride: 2, ...around(3) }),
  },
  {
    name: 'a dilated depthwise convolution',
    inputs: [
      [1, 21, 20, 16],
      [16, 1, 3, 3],
    ],
    build: (ops, [x, filter]) => ops.depthwiseConv2d(x, filter, { dilation: 3, ...around(3) }),
  },
  { name: 'softmax of many classes', inputs: [[300, 182]], build: (ops, [x]) => ops.softmax(x) },
  { name: 'a long sum', inputs: [[70_000]], build: (ops, [x]) => ops.mean(ops.square(x)) },
  {
    name: 'more parts joined than a kernel can have inputs',
    inputs: Array.from({ length: 20 }, () => [3, 5]),
    build: (ops, xs) => ops.concat(xs, 1),
  },
  { name: 'upsampling', inputs: [[2, 9, 9, 21]], build: (ops, [x]) => ops.resizeBilinear(x, [65, 65]) },
  {
    name: 'pooling',
    inputs: [[1, 33, 33, 8]],
    build: (ops, [x]) => {
      const options = { size: 3, stride: 2, ...around(1) };
      return ops.add(ops.maxPool(x, options), ops.averagePool(x, options));
    },
  },
];

const normal = (shape: Shape, seed: number) => new SeedTree(seed).stream().fillNormal(new Float32Array(sizeOf(shape)));

/** The value of a case, and the gradients of its product with noise. */
async function outputs(engine: Engine, { name, inputs, build }: LargeCase): Promise<ReadonlyMap<string, Float32Array>> {
  const parameters = inputs.map((shape, i) => new Parameter(shape, { values: normal(shape, i) }));
  const program: Program = {
    name,
    inputs: {},
    describe(ops) {
      const values = parameters.map((parameter) => ops.parameter(parameter));
      const y = build(ops, values);
      const noise = ops.constant(normal(ops.shape(y), 99), ops.shape(y));
      const slopes = ops.gradients(ops.mean(ops.mul(y, noise)), values);
      return { outputs: { y, ...Object.fromEntries(slopes.map((slope, i) => [`gradient ${i}`, slope])) } };
    },
  };
  const executable = engine.compile(program);
  const result = executable.run({});
  const found = new Map<string, Float32Array>();
  for (const output of Object.keys(executable.outputs)) found.set(output, (await result.read(output)).slice());
  executable.dispose();
  return found;
}

// Software compiles each of these kernels for a second or more.
const off = webgpuProblem !== undefined || process.env.UNSEEN_SLOW === undefined;

describe.skipIf(off)(`large tensors, with UNSEEN_SLOW=1, ${onWebgpu}`, () => {
  test('have the values and gradients of the reference', async () => {
    const engine = await webgpuEngine();
    const ours = new Map<string, Awaited<ReturnType<typeof outputs>>>();
    for (const one of cases) ours.set(one.name, await outputs(engine, one));
    engine.dispose();
    const reference = await createEagerEngine('cpu');
    for (const one of cases) {
      for (const [output, expected] of await outputs(reference, one)) {
        const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-30);
        const actual = ours.get(one.name)!.get(output)!;
        const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - actual[i])), 0);
        expect(worst / scale, `${one.name}, ${output}`).toBeLessThan(2e-6);
      }
    }
    reference.dispose();
  }, 300_000);

  test('have more elements than one dispatch reaches', async () => {
    const engine = await webgpuEngine();
    // 65,535 groups of 256 are fewer than 16.8 million.
    const shape = [17_000, 1000];
    const executable = engine.compile({
      name: 'large',
      inputs: {},
      describe(ops) {
        const ones = ops.add(ops.scalar(1), ops.constant(new Float32Array(shape[0]), [shape[0], 1]));
        const wide = ops.mul(ones, ops.constant(new Float32Array(shape[1]).fill(2), [shape[1]]));
        const turned = ops.transpose(ops.relu(wide), [1, 0]);
        return {
          outputs: {
            rows: ops.sum(wide, [1]),
            columns: ops.sum(turned, [1]),
            end: ops.slice(wide, [16_999, 998], [1, 2]),
          },
        };
      },
    });
    const result = executable.run({});
    expect(new Set(await result.read('rows'))).toEqual(new Set([2000]));
    expect(new Set(await result.read('columns'))).toEqual(new Set([34_000]));
    expect([...(await result.read('end'))]).toEqual([2, 2]);
    executable.dispose();
    engine.dispose();
  }, 300_000);
});

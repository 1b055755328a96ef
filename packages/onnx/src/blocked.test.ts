import { SeedTree } from '@unseen/core';
import { type Ops, Parameter, type Program, type Shape, sizeOf } from '@unseen/tensor';
import { expect, it } from 'vitest';
import { blockSize } from './block-size.ts';
import { createCompiledEngine } from './engine.ts';

const seeds = new SeedTree(5);
const values = (shape: Shape, name: string, scale = 1): Float32Array =>
  seeds
    .child(name)
    .stream()
    .fillNormal(new Float32Array(sizeOf(shape)))
    .map((v) => v * scale);

/** Convolutions large enough for blocks, with channels that do and do not fill them. */
function program() {
  const shapes = {
    first: [40, 36, 3, 3],
    bias: [40],
    second: [72, 40, 3, 5],
    scale: [72],
    shift: [72],
    wide: [530, 72, 3, 3],
    narrow: [516, 530, 1, 1],
    pointwise: [500, 516, 1, 1],
    last: [7, 500, 1, 1],
  } as const satisfies Record<string, Shape>;
  const weights = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      new Parameter(shape, {
        values: values(shape, name, shape.length === 4 ? (shape[1] * shape[2] * shape[3]) ** -0.5 : 1),
      }),
    ]),
  ) as Record<keyof typeof shapes, Parameter>;
  const x: Shape = [2, 28, 29, 36];
  const description: Program = {
    name: 'blocks',
    inputs: { x: { shape: x, dtype: 'float32' } },
    describe<V>(ops: Ops<V>, inputs: Readonly<Record<string, V>>) {
      const w = (name: keyof typeof shapes) => ops.parameter(weights[name]);
      const pad = [1, 1, 1, 1] as const;
      const a = ops.leakyRelu(ops.add(ops.conv2d(inputs.x, w('first'), { padding: pad }), w('bias')), 0.2);
      const conv = ops.conv2d(a, w('second'), { dilation: 2, padding: [2, 1, 4, 3] });
      const b = ops.relu(ops.add(ops.mul(conv, w('scale')), w('shift')));
      const c = ops.tanh(ops.conv2d(ops.conv2d(b, w('wide'), { padding: pad }), w('narrow')));
      const d = ops.conv2d(ops.relu(ops.conv2d(c, w('pointwise'))), w('last'));
      return {
        outputs: { d },
        losses: { loss: { value: ops.mean(ops.square(d)), parameters: Object.values(weights) } },
      };
    },
  };
  return { description, weights, feeds: { x: values(x, 'x') } };
}

/** Difference in the Euclidean norm, relative. */
function distance(a: Float32Array, b: Float32Array): number {
  const [difference, norm] = a.reduce(([d, n], v, i) => [d + (v - b[i]) ** 2, n + b[i] ** 2], [0, 0]);
  return Math.sqrt(difference / norm);
}

it.runIf(process.arch === 'x64')('finds the size of blocks', () => {
  expect([8, 16]).toContain(blockSize());
});

it('convolves in blocks as it does without them', async () => {
  const { description, weights, feeds } = program();
  const engines = [true, false].map((blocked) => createCompiledEngine({ blocked }));
  const [blocked, plain] = engines.map((engine) => engine.compile(description).run(feeds));
  expect(distance(await blocked.read('d'), await plain.read('d'))).toBeLessThan(1e-5);
  for (const [name, parameter] of Object.entries(weights)) {
    const [a, b] = [blocked, plain].map(({ gradients }) => gradients.loss.get(parameter) as Float32Array);
    // A pre-activation within rounding of 0 may fall on either side of a ReLU's kink.
    expect(distance(a, b), name).toBeLessThan(1e-4);
  }
  for (const engine of engines) engine.dispose();
});

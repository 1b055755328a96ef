import { SeedTree } from '@unseen/core';
import { Parameter, type Program } from '@unseen/tensor';
import { expect, it } from 'vitest';
import { createCompiledEngine } from './engine.ts';

it.each([
  ['convolution', [1, 5, 5, 32], [32, 32, 3, 3]],
  ['product', [3, 64], [40, 64]],
])(
  'large weights of a frozen %s are the runtime’s own: later changes of theirs need a new graph',
  async (kind, map, shape) => {
    const stream = new SeedTree(8).child(kind).stream();
    const random = (sizes: readonly number[]) => stream.fillNormal(new Float32Array(sizes.reduce((a, b) => a * b)));
    const weight = new Parameter(shape, { values: random(shape) });
    const program: Program = {
      name: kind,
      inputs: { x: { shape: map, dtype: 'float32' } },
      describe: (ops, { x }) => {
        const w = ops.parameter(weight);
        return { outputs: { y: kind === 'product' ? ops.matMul(x, w, { transposeB: true }) : ops.conv2d(x, w) } };
      },
    };
    const x = random(map);
    const engine = createCompiledEngine({ threads: 1 });
    const values = async (frozen: boolean) => (await engine.compile(program, { frozen }).run({ x }).read('y')).slice();
    const expectClose = (a: Float32Array, b: Float32Array) => {
      for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 3);
    };
    const first = engine.compile(program, { frozen: true });
    const before = (await first.run({ x }).read('y')).slice();
    expectClose(before, await values(false));
    const compilations = engine.compilations;
    await values(true);
    expect(engine.compilations).toBe(compilations);

    weight.assign(weight.values.map((v) => 2 * v));
    expectClose(await first.run({ x }).read('y'), before);
    expectClose(
      await values(true),
      before.map((v) => 2 * v),
    );
    expect(engine.compilations).toBe(compilations + 1);
    engine.dispose();
  },
);

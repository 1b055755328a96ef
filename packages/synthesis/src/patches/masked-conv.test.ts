import { SeedTree } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MaskedConv2d } from './masked-conv.ts';

const engine = await createEagerEngine('cpu');

/** Output at every pixel for two maps that differ at one pixel. */
async function responses(type: 'A' | 'B', layers: number, kernel: number, size: number, changed: number, seed: number) {
  const seeds = new SeedTree(seed);
  const convolutions = Array.from(
    { length: layers },
    (_, i) =>
      new MaskedConv2d({
        inputs: 2,
        outputs: 2,
        kernel,
        type: i === 0 ? type : 'B',
        seeds: seeds.child(i),
      }),
  );
  const executable = engine.compile({
    name: 'masked',
    inputs: { x: { shape: [1, size, size, 2], dtype: 'float32' } },
    describe: (ops, { x }) => ({
      outputs: { y: convolutions.reduce((map, convolution) => convolution.forward(ops, map), x) },
    }),
  });
  const x = seeds
    .child('x')
    .stream()
    .fillNormal(new Float32Array(size * size * 2));
  const before = (await executable.run({ x }).read('y')).slice();
  const other = x.map((value, i) => (Math.floor(i / 2) === changed ? value + 1 : value));
  const after = await executable.run({ x: other }).read('y');
  executable.dispose();
  const differs = (pixel: number) => [0, 1].some((c) => before[2 * pixel + c] !== after[2 * pixel + c]);
  return Array.from({ length: size * size }, (_, pixel) => differs(pixel));
}

test('a pixel depends on those before it in reading order alone, through any number of layers', async () => {
  const cases = fc.record({
    layers: fc.integer({ min: 1, max: 3 }),
    kernel: fc.constantFrom(3, 5, 7),
    size: fc.integer({ min: 2, max: 5 }),
    seed: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(cases, fc.nat(), async ({ layers, kernel, size, seed }, position) => {
      const changed = position % (size * size);
      for (const type of ['A', 'B'] as const) {
        const differs = await responses(type, layers, kernel, size, changed, seed);
        // Type B sees the pixel itself, type A does not.
        expect(differs[changed]).toBe(type === 'B');
        expect(differs.slice(0, changed).includes(true)).toBe(false);
      }
    }),
    { numRuns: 20 },
  );
});

test('a 7x7 kernel sees every pixel before one in a 3x3 patch', async () => {
  for (let changed = 0; changed < 9; changed++) {
    const differs = await responses('A', 1, 7, 3, changed, 1);
    expect(differs).toEqual(Array.from({ length: 9 }, (_, pixel) => pixel > changed));
  }
});

test('an even kernel is refused', () => {
  const build = () => new MaskedConv2d({ inputs: 1, outputs: 1, kernel: 4, type: 'A', seeds: new SeedTree(0) });
  expect(build).toThrow('odd');
});

import { SeedTree } from '@unseen/core';
import { createEagerEngine } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { ContextualModule, type ContextualOptions } from './contextual-module.ts';

const engine = await createEagerEngine('cpu');
const seeds = new SeedTree(5);
const [side, channels] = [9, 3];

/** Outputs for a map, and for the same map with another centre. */
async function twice(options: Partial<ContextualOptions>) {
  const network = new ContextualModule({ channels, width: 4, seeds, ...options });
  const executable = engine.compile({
    name: 'contextual',
    inputs: { h: { shape: [1, side, side, channels], dtype: 'float32' } },
    describe: (ops, { h }) => {
      const { mu, selection } = network.forward(ops, h);
      return { outputs: { mu, selection } };
    },
  });
  const h = seeds
    .child('h')
    .stream()
    .fillNormal(new Float32Array(side * side * channels));
  const centre = (side * side - 1) / 2;
  const other = h.map((value, i) => (Math.floor(i / channels) === centre ? value + 3 : value));
  const read = async (values: Float32Array) => {
    const result = executable.run({ h: values });
    return { mu: (await result.read('mu')).slice(), selection: (await result.read('selection')).slice() };
  };
  const [before, after] = [await read(h), await read(other)];
  const changed = Array.from({ length: side * side }, (_, pixel) =>
    [0, 1, 2].some((c) => before.mu[pixel * channels + c] !== after.mu[pixel * channels + c]),
  );
  /** Farthest row or column from the centre that the centre acts on. */
  const reach = Math.max(
    ...changed.flatMap((is, pixel) => {
      const [y, x] = [Math.floor(pixel / side) - 4, (pixel % side) - 4];
      return is ? [Math.max(Math.abs(y), Math.abs(x))] : [];
    }),
  );
  return { network, reach, selection: before.selection };
}

test.each<[string, Partial<ContextualOptions>, number]>([
  ['of 1x1 convolutions sees the pixel alone', { kernel: 1, latentKernel: 1, selector: 'none' }, 0],
  [
    'of plain convolutions sees one pixel farther with each',
    { dilations: [1, 1], latentKernel: 1, scales: 'last', selector: 'none' },
    2,
  ],
  [
    'of dilated convolutions sees as far as their dilations',
    { dilations: [1, 2], latentKernel: 1, scales: 'last', selector: 'none' },
    3,
  ],
  ['with a selector sees one pixel farther than its contexts', { dilations: [1, 2], latentKernel: 1 }, 4],
])('a module %s', async (_, options, reach) => {
  expect((await twice(options)).reach).toBe(reach);
});

test('without a selector every context has the weight 1', async () => {
  const { selection } = await twice({ selector: 'none' });
  expect(selection).toHaveLength(side * side * 3);
  expect([...selection].every((weight) => weight === 1)).toBe(true);
});

test('with the last context alone the others have no part in the pooling', async () => {
  const { network } = await twice({ scales: 'last', selector: 'none' });
  expect(network.pool.weight.shape).toEqual([channels, 4, 1, 1]);
});

test('has the weights of the released code at its sizes', () => {
  const network = new ContextualModule({ channels: 600, seeds });
  expect(network.parameterCount()).toBe(9_523_584);
});

import { type Ops, Parameter } from '@unseen/tensor';
import { expect, it } from 'vitest';
import { createCompiledEngine } from './engine.ts';

const engine = createCompiledEngine({ threads: 1 });

it.each([
  ['direct', engine],
  ['copying', createCompiledEngine({ threads: 1, direct: false })],
])(
  'reads the old state also where the new state does not depend on it, in parameters of several pieces, %s',
  (_, by) => {
    const updater = by.updater({
      name: 'delayed',
      slots: ['previous'],
      scalars: ['rate'],
      // The new weights use the old slot, which the new slot overwrites.
      update: (ops, weights, gradient, { previous }, { rate }) => ({
        weights: ops.sub(weights, ops.mul(previous, rate)),
        slots: { previous: gradient },
      }),
    });
    const size = 600_001;
    const [weights, previous] = [new Parameter([size]), new Parameter([size])];
    const gradient = (step: number) => Float32Array.from({ length: size }, (_, i) => step * 1000 + (i % 997));
    for (const step of [1, 2, 3]) updater.apply(weights, gradient(step), { previous }, { rate: step });
    for (const i of [0, 49_151, 49_152, size - 1]) {
      const g = i % 997;
      expect(weights.values[i]).toBe(-(2 * (1000 + g) + 3 * (2000 + g)));
      expect(previous.values[i]).toBe(3000 + g);
    }
    updater.dispose();
  },
);

it('refuses rules that are not element-wise', () => {
  const rule = {
    name: 'normalised',
    slots: [],
    scalars: [],
    update: <V>(ops: Ops<V>, weights: V, gradient: V) => ({
      weights: ops.sub(weights, ops.div(gradient, ops.sum(gradient))),
      slots: {},
    }),
  };
  expect(() => engine.updater(rule)).toThrow(/'normalised' uses 'sum'/);
});

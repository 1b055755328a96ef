import { SeedTree } from '@unseen/core';
import { createEagerEngine, type Ops, Parameter, type Program } from '@unseen/tensor';
import { expect, it } from 'vitest';
import { createCompiledEngine } from './engine.ts';

const seeds = new SeedTree(5);
const values = (size: number, name: string) => seeds.child(name).stream().fillNormal(new Float32Array(size));
const weights = ['first', 'second', 'third'].map((name) => new Parameter([6, 6, 1, 1], { values: values(36, name) }));

/** Three layers on maps or rows, each with an activation and a dropout mask of its own. */
function masked(activation: 'relu' | 'leakyRelu', shape: readonly number[]): Program {
  return {
    name: 'masked',
    training: true,
    inputs: { x: { shape, dtype: 'float32' }, direction: { shape, dtype: 'float32' } },
    describe<V>(ops: Ops<V>, { x, direction }: Readonly<Record<string, V>>) {
      const y = weights.reduce((map, weight) => {
        const filter = ops.parameter(weight);
        const linear = shape.length === 4 ? ops.conv2d(map, filter) : ops.matMul(map, ops.reshape(filter, [6, 6]));
        const active = activation === 'relu' ? ops.relu(linear) : ops.leakyRelu(linear, 0.2);
        return ops.mul(active, ops.mul(ops.bernoulli(shape, 0.6), ops.scalar(1 / 0.6)));
      }, x);
      return { outputs: {}, losses: { loss: { value: ops.mean(ops.mul(y, direction)), parameters: weights } } };
    },
  };
}

const map = [2, 3, 4, 6];
const rows = [5, 6];
const feedsOf = (shape: readonly number[]) => {
  const size = shape.reduce((a, b) => a * b);
  return { x: values(size, 'x'), direction: values(size, 'direction') };
};

it.each(
  [map, rows].flatMap((shape) => (['relu', 'leakyRelu'] as const).map((activation) => [activation, shape] as const)),
)(
  'gradients through %s and dropout of [%s] are the eager ones, with masks kept as bytes',
  async (activation, shape) => {
    const program = masked(activation, shape);
    const feeds = feedsOf(shape);
    const engines = [createCompiledEngine({ threads: 1, profile: true }), await createEagerEngine('cpu')];
    const results = await Promise.all(
      engines.map(async (engine) => {
        const result = engine.compile(program).run(feeds, seeds.child('noise').stream());
        const gradients = weights.map((weight) => new Parameter(weight.shape));
        const adder = engine.updater({
          name: 'add',
          slots: [],
          scalars: [],
          update: (ops, target, gradient) => ({ weights: ops.add(target, gradient), slots: {} }),
        });
        for (const [i, weight] of weights.entries())
          adder.apply(gradients[i], result.gradients.loss.get(weight), {}, {});
        await engine.pull(gradients);
        return [await result.read('loss'), ...gradients.map((gradient) => gradient.values)].map((v) => v.slice());
      }),
    );
    const [ours, theirs] = results;
    for (const [i, expected] of theirs.entries()) {
      const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      expect(largest).toBeGreaterThan(0);
      for (const [k, value] of expected.entries()) expect(Math.abs(ours[i][k] - value)).toBeLessThan(1e-5 * largest);
    }
    for (const engine of engines) engine.dispose();
  },
);

it('makes numbers of a map’s mask once in each direction, next to their reader', () => {
  const engine = createCompiledEngine({ threads: 1, profile: true });
  const executable = engine.compile(masked('leakyRelu', map));
  executable.run(feedsOf(map), seeds.stream());
  const operators = executable.profile().map(({ operator }) => operator);
  const at = operators.flatMap((operator, i) => (operator === 'DequantizeLinear' ? [i] : []));
  expect(at.length).toBe(6);
  for (const i of at) expect(operators[i + 1]).toBe('Mul');
  engine.dispose();
});

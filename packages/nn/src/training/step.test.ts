import { createEagerEngine, Parameter, type Program } from '@unseen/tensor';
import { expect, test } from 'vitest';
import { BatchNorm, trackStatistics } from '../layers/batch-norm.ts';
import { Optimizer } from '../optim/optimizer.ts';
import { sgd } from '../optim/rules.ts';
import { readLosses } from './hooks.ts';
import { optimizersOf, ProgramCache, TrainingStep } from './step.ts';

const engine = await createEagerEngine('cpu');
const learning = (parameter: Parameter, rate: (iteration: number) => number) => ({
  optimizer: new Optimizer(engine, sgd(), [{ parameters: [parameter] }]),
  learningRate: rate,
});

test('all losses are taken at the weights before the first update, each at its own learning rate', async () => {
  const [a, b] = [2, 3].map((value) => new Parameter([1], { values: Float32Array.of(value) }));
  // d(ab)/da = b and d(ab)/db = a: the second would be another if the first were updated before.
  const program = (): Program => ({
    name: 'product',
    inputs: {},
    describe: (ops) => {
      const value = ops.mean(ops.mul(ops.parameter(a), ops.parameter(b)));
      return { outputs: {}, losses: { first: { value, parameters: [a] }, second: { value, parameters: [b] } } };
    },
  });
  const optimizers = { first: learning(a, () => 0.1), second: learning(b, (iteration) => 0.01 * (iteration + 1)) };
  const step = new TrainingStep({ engine, optimizers, program });
  const losses = await readLosses(await step.run({}, { iteration: 4 }));
  expect(losses).toEqual({ first: 6, second: 6 });
  await engine.pull([a, b]);
  expect(a.values[0]).toBeCloseTo(2 - 0.1 * 3, 6);
  expect(b.values[0]).toBeCloseTo(3 - 0.05 * 2, 6);
  expect(Object.keys(optimizersOf(optimizers))).toEqual(['first', 'second']);
  step.dispose();
});

test('running statistics follow those of the batch and are not among the losses; a look updates nothing else', async () => {
  const norm = new BatchNorm({ channels: 1 });
  const program = (): Program => ({
    name: 'norm',
    inputs: { x: { shape: [4, 1], dtype: 'float32' } },
    training: true,
    describe: (ops, { x }) => {
      const { result, outputs } = trackStatistics(ops, [norm], () => ops.mean(ops.square(norm.forward(ops, x))));
      return { outputs, losses: { loss: { value: result, parameters: [norm.scale, norm.shift] } } };
    },
  });
  const optimizer = new Optimizer(engine, sgd(), [{ parameters: [norm.scale, norm.shift] }]);
  const optimizers = { loss: { optimizer, learningRate: () => 0.5 } };
  const step = new TrainingStep({ engine, optimizers, tracked: norm, program });
  const x = Float32Array.of(1, 2, 3, 6);
  const pull = () => engine.pull([norm.scale, norm.runningMean]);
  await step.look({ x });
  await pull();
  expect([norm.runningMean.values[0], norm.scale.values[0]]).toEqual([expect.closeTo(0.3, 6), 1]);
  const losses = await readLosses(await step.run({ x }, { iteration: 0 }));
  expect(Object.keys(losses)).toEqual(['loss']);
  await pull();
  expect(norm.runningMean.values[0]).toBeCloseTo(0.3 + 0.1 * (3 - 0.3), 6);
  expect(norm.scale.values[0]).toBeLessThan(1);
  step.dispose();
});

test('a program is compiled once for each key', () => {
  const compiled: string[] = [];
  const watching = {
    ...engine,
    compile: (...[program]: Parameters<typeof engine.compile>) => {
      compiled.push(program.name);
      return engine.compile(program);
    },
  };
  const cache = new ProgramCache<readonly number[] | undefined>(watching, (key) => ({
    name: `sum of ${key}`,
    inputs: {},
    describe: (ops) => ({ outputs: { sum: ops.scalar((key ?? []).reduce((a, b) => a + b, 0)) } }),
  }));
  for (const key of [[1, 2], undefined, [1, 2], [3]]) cache.get(key);
  expect(compiled).toEqual(['sum of 1,2', 'sum of undefined', 'sum of 3']);
  cache.dispose();
});

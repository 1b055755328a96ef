import { createEagerEngine, type Engine, Parameter } from '@unseen/tensor';
import { beforeAll, expect, test } from 'vitest';
import { Optimizer, type ParameterGroup } from './optimizer.ts';
import { adam, adamw, type OptimizerRule, sgd } from './rules.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine('cpu');
});

const START = [1, -2, 0.5, 3];

/** Minimises Σ (i + 1) · w⁴ / 4 for some steps; returns the weights after each. */
async function minimise(rule: OptimizerRule, rates: readonly number[], group: Omit<ParameterGroup, 'parameters'> = {}) {
  const weight = new Parameter([2, 2], { values: Float32Array.from(START) });
  const optimizer = new Optimizer(engine, rule, [{ parameters: [weight], ...group }]);
  const executable = engine.compile({
    name: 'quartic',
    inputs: {},
    training: true,
    describe: (ops) => {
      const quartic = ops.square(ops.square(ops.parameter(weight)));
      const value = ops.sum(ops.mul(quartic, ops.constant([0.25, 0.5, 0.75, 1], [2, 2])));
      return { outputs: {}, losses: { loss: { value, parameters: [weight] } } };
    },
  });
  const trace: number[][] = [];
  for (const rate of rates) {
    optimizer.step(executable.run({}).gradients.loss, rate);
    await engine.pull([weight]);
    trace.push([...weight.values]);
  }
  executable.dispose();
  optimizer.dispose();
  return trace;
}

type Update = (w: number, gradient: number, step: number, rate: number, memory: number[]) => number;

/** The same in double precision, one number at a time. */
function reference(update: Update, rates: readonly number[], decay: number): number[][] {
  const weights = [...START];
  const memories = START.map(() => [0, 0]);
  return rates.map((rate, step) => {
    for (const i of weights.keys()) {
      const gradient = (i + 1) * weights[i] ** 3 + decay * weights[i];
      weights[i] = update(weights[i], gradient, step + 1, rate, memories[i]);
    }
    return [...weights];
  });
}

function expectClose(trace: number[][], expected: number[][]): void {
  for (const [step, weights] of expected.entries()) {
    for (const [i, value] of weights.entries()) expect(trace[step][i]).toBeCloseTo(value, 5);
  }
}

const RATES = [0.01, 0.02, 0.005, 0.01, 0.01, 0.01];

test('Adam with bias correction and L2 weight decay', async () => {
  const update: Update = (w, g, t, rate, memory) => {
    memory[0] = 0.9 * memory[0] + 0.1 * g;
    memory[1] = 0.999 * memory[1] + 0.001 * g * g;
    return w - (rate * (memory[0] / (1 - 0.9 ** t))) / (Math.sqrt(memory[1] / (1 - 0.999 ** t)) + 1e-8);
  };
  expectClose(await minimise(adam(), RATES, { weightDecay: 0.1 }), reference(update, RATES, 0.1));
});

test('AdamW decays the weights apart from the gradient, by the rate of the group', async () => {
  const update: Update = (w, g, t, rate, memory) => {
    memory[0] = 0.8 * memory[0] + 0.2 * g;
    memory[1] = 0.95 * memory[1] + 0.05 * g * g;
    const change = memory[0] / (1 - 0.8 ** t) / (Math.sqrt(memory[1] / (1 - 0.95 ** t)) + 1e-2);
    return w - 0.5 * rate * 0.3 * w - 0.5 * rate * change;
  };
  const rule = adamw({ beta1: 0.8, beta2: 0.95, epsilon: 1e-2 });
  const trace = await minimise(rule, RATES, { weightDecay: 0.3, rateMultiplier: 0.5 });
  expectClose(trace, reference(update, RATES, 0));
});

test('without weight decay AdamW is Adam', async () => {
  expect(await minimise(adamw(), RATES)).toEqual(await minimise(adam(), RATES));
});

test('SGD with Nesterov momentum', async () => {
  const update: Update = (w, g, _, rate, memory) => {
    memory[0] = 0.9 * memory[0] + g;
    return w - rate * (g + 0.9 * memory[0]);
  };
  const trace = await minimise(sgd({ momentum: 0.9, nesterov: true }), RATES, { weightDecay: 5e-4 });
  expectClose(trace, reference(update, RATES, 5e-4));
  expect(() => sgd({ nesterov: true })).toThrow('momentum');
});

test('SGD with momentum, weight decay and a rate multiplier', async () => {
  const update: Update = (w, g, _, rate, memory) => {
    memory[0] = 0.9 * memory[0] + g;
    return w - 0.5 * rate * memory[0];
  };
  const trace = await minimise(sgd({ momentum: 0.9 }), RATES, { weightDecay: 5e-4, rateMultiplier: 0.5 });
  expectClose(trace, reference(update, RATES, 5e-4));
});

test('plain SGD', async () => {
  expectClose(
    await minimise(sgd(), RATES),
    reference((w, g, _, rate) => w - rate * g, RATES, 0),
  );
});

test('parameters without a gradient stay, in value and in count of steps; ungrouped ones are an error', async () => {
  const [a, b, stranger] = [1, 1, 1].map(() => new Parameter([3], { values: new Float32Array(3).fill(1) }));
  const optimizer = new Optimizer(engine, adam(), [{ parameters: [a] }, { parameters: [b], weightDecay: 1 }]);
  const gradients = (parameter: Parameter) =>
    engine
      .compile({
        name: 'linear',
        inputs: {},
        describe: (ops) => ({
          outputs: {},
          losses: { loss: { value: ops.sum(ops.parameter(parameter)), parameters: [parameter] } },
        }),
      })
      .run({}).gradients.loss;
  optimizer.step(gradients(a), 0.1);
  await engine.pull([a, b]);
  expect(a.values[0]).toBeCloseTo(0.9, 5);
  expect([...b.values]).toEqual([1, 1, 1]);
  expect([a, b].map((p) => optimizer.state.get(p)?.steps)).toEqual([1, 0]);
  expect(() => optimizer.step(gradients(stranger), 0.1)).toThrow('no group');
  expect(() => new Optimizer(engine, sgd(), [{ parameters: [a, a] }])).toThrow('two groups');
});

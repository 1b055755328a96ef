import { SeedTree } from '@unseen/core';
import { createCompiledEngine } from '@unseen/onnx';
import { createEagerEngine, type Engine, type Parameter } from '@unseen/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BatchNorm } from '../layers/batch-norm.ts';
import { Conv2d } from '../layers/conv.ts';
import { Module } from '../module.ts';
import { MovingAverage, type MovingAverageOptions } from './moving-average.ts';
import { Optimizer } from './optimizer.ts';
import { sgd } from './rules.ts';

class Network extends Module {
  readonly conv: Conv2d;
  readonly norm: BatchNorm;

  constructor(seed: number, outputs = 3) {
    super();
    this.conv = new Conv2d({ inputs: 2, outputs, kernel: 3, seeds: new SeedTree(seed) });
    this.norm = new BatchNorm({ channels: outputs, frozen: true });
  }
}

const random = new SeedTree(7).stream();
const renew = ({ values }: Parameter) => random.fillNormal(new Float32Array(values.length));
const all = (network: Module) =>
  [...network.namedParameters()].map(([name, { values }]) => [name, [...values]] as const);

describe.each([
  ['cpu', () => createEagerEngine('cpu')],
  ['onnxruntime', async () => createCompiledEngine({ threads: 1 })],
] as const)('averages on %s', (_, create) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await create();
  });
  afterAll(() => engine.dispose());

  /** Follows a network whose parameters are all set anew three times; the averages of numbers in double precision too. */
  async function follow(options: Pick<MovingAverageOptions, 'decay' | 'statistics'>) {
    const [of, into] = [new Network(1), new Network(2)];
    const averages = new MovingAverage({ engine, of, into, ...options });
    const expected = new Map(all(into).map(([name, values]) => [name, values]));
    for (const iteration of [0, 1, 2]) {
      const decay = typeof options.decay === 'number' ? options.decay : options.decay(iteration);
      for (const [name, parameter] of of.namedParameters()) {
        parameter.assign(renew(parameter));
        const old = expected.get(name)!;
        expected.set(
          name,
          old.map((value, i) => decay * value + (1 - decay) * parameter.values[i]),
        );
      }
      averages.step(iteration);
    }
    await engine.pull(into.namedParameters().values());
    averages.dispose();
    return { into, expected, start: new Map(all(new Network(2))) };
  }

  const expectClose = (given: readonly number[], expected: readonly number[]) => {
    expect(given).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(given[i]).toBeCloseTo(value, 5);
  };

  test('all parameters, frozen ones too, and no running statistics', async () => {
    const { into, expected, start } = await follow({ decay: 0.75 });
    for (const [name, values] of all(into)) {
      expectClose(values, (name.includes('running') ? start : expected).get(name)!);
    }
  });

  test('running statistics too, with a decay that depends on the iteration', async () => {
    const { into, expected } = await follow({ decay: (iteration) => iteration / 4, statistics: true });
    for (const [name, values] of all(into)) expectClose(values, expected.get(name)!);
  });

  test('what an optimizer has just changed is averaged; copies go both ways, bit for bit', async () => {
    const [of, into] = [new Network(1), new Network(2)];
    of.norm.runningMean.assign(Float32Array.of(1, 2, 3));
    const averages = new MovingAverage({ engine, of, into, decay: 0.5 });
    averages.copy();
    await engine.pull(into.namedParameters().values());
    expect(all(into)).toEqual(all(of));

    const { bias } = of.conv;
    const before = [...bias!.values];
    const executable = engine.compile({
      name: 'sum',
      inputs: {},
      training: true,
      describe: (ops) => ({
        outputs: {},
        losses: { loss: { value: ops.sum(ops.parameter(bias!)), parameters: [bias!] } },
      }),
    });
    const optimizer = new Optimizer(engine, sgd(), [{ parameters: [bias!] }]);
    optimizer.step(executable.run({}).gradients.loss, 1);
    averages.step(0);
    await engine.pull([into.conv.bias!]);
    expectClose(
      [...into.conv.bias!.values],
      before.map((value) => value - 0.5),
    );

    averages.copyBack();
    await engine.pull(of.namedParameters().values());
    expect(all(of)).toEqual(all(into));
    for (const part of [averages, optimizer, executable]) part.dispose();
  });

  test('networks of another form are refused', () => {
    const options = { engine, of: new Network(1), decay: 0.5 };
    expect(() => new MovingAverage({ ...options, into: new Network(1, 4) })).toThrow("'conv.weight' differs");
    expect(() => new MovingAverage({ ...options, into: options.of.conv })).toThrow('differs');
  });
});

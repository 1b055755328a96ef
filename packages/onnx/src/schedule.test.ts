import { SeedTree } from '@unseen/core';
import { type Ops, Parameter, type Program } from '@unseen/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCompiledEngine } from './engine.ts';
import { type ScheduledNode, schedule } from './schedule.ts';

/** Node i makes value i from earlier values or from inputs of the graph. */
const graphs = fc.array(fc.array(fc.nat(99), { maxLength: 3 }), { minLength: 1, maxLength: 30 }).map((inputs) =>
  inputs.map(
    (from, i): ScheduledNode => ({
      input: from.map((n) => (n < i ? `${n}` : 'fed')),
      output: [`${i}`, `spare ${i}`],
    }),
  ),
);

it('keeps every node, after those whose values it reads', () => {
  fc.assert(
    fc.property(graphs, (nodes) => {
      const order = schedule(nodes);
      expect(new Set(order)).toEqual(new Set(nodes));
      expect(order.length).toBe(nodes.length);
      const made = new Set(['fed']);
      for (const { input, output } of order) {
        expect(input.filter((name) => !made.has(name))).toEqual([]);
        for (const name of output) made.add(name);
      }
    }),
  );
});

it('makes the runtime finish each layer’s gradients before those of the layer below, and steps when they are needed', () => {
  const layers = 5;
  const seeds = new SeedTree(3);
  const weights = Array.from({ length: layers }, (_, i) => {
    const values = seeds.child(`${i}`).stream().fillNormal(new Float32Array(64));
    return new Parameter([8, 8, 1, 1], { values });
  });
  const program: Program = {
    name: 'layers',
    training: true,
    inputs: { x: { shape: [1, 9, 9, 8], dtype: 'float32' } },
    describe: <V>(ops: Ops<V>, { x }: Readonly<Record<string, V>>) => {
      const y = weights.reduce((map, weight) => ops.relu(ops.conv2d(map, ops.parameter(weight))), x);
      return { outputs: {}, losses: { loss: { value: ops.mean(ops.square(y)), parameters: weights } } };
    },
  };
  const engine = createCompiledEngine({ threads: 1, profile: true });
  const executable = engine.compile(program);
  executable.run({ x: new Float32Array(9 * 9 * 8).fill(1) });
  const kinds = ['FusedConv', 'HardSigmoid', 'Gemm', 'Conv'];
  const ran = executable.profile().filter(({ operator }) => kinds.includes(operator));
  expect(ran.map(({ operator }) => operator)).toEqual([
    ...Array(layers).fill('FusedConv'),
    ...Array(layers - 1)
      .fill(['HardSigmoid', 'Gemm', 'Conv'])
      .flat(),
    'HardSigmoid',
    'Gemm',
  ]);
  executable.dispose();
  engine.dispose();
});

it('a profile has every operator with its time and the size of its results, and is empty where none was asked for', () => {
  const program: Program = {
    name: 'sum',
    inputs: { x: { shape: [3, 4], dtype: 'float32' } },
    describe: (ops, { x }) => ({ outputs: { y: ops.exp(x) } }),
  };
  const [plain, profiled] = [false, true].map((profile) => {
    const engine = createCompiledEngine({ threads: 1, profile });
    const executable = engine.compile(program);
    for (let i = 0; i < 2; i++) executable.run({ x: new Float32Array(12) });
    const times = executable.profile();
    expect(executable.profile()).toEqual([]);
    engine.dispose();
    return times;
  });
  expect(plain).toEqual([]);
  const exps = profiled.filter(({ operator }) => operator === 'Exp');
  expect(exps.map(({ bytes }) => bytes)).toEqual([48, 48]);
  for (const { seconds } of exps) expect(seconds).toBeGreaterThanOrEqual(0);
});

import * as tf from '@tensorflow/tfjs-core';
import { SeedTree } from '@unseen/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEagerEngine } from '../backends.ts';
import { Parameter } from '../parameter.ts';
import type { Engine, Program, UpdateRule } from '../program.ts';

const descent: UpdateRule = {
  name: 'descent',
  slots: ['sum'],
  scalars: ['rate'],
  update: (ops, weights, gradient, { sum }, { rate }) => ({
    weights: ops.sub(weights, ops.mul(gradient, rate)),
    slots: { sum: ops.add(sum, gradient) },
  }),
};

function network(filter: Parameter): Program {
  return {
    name: 'network',
    inputs: { x: { shape: [1, 5, 5, 2], dtype: 'float32' }, labels: { shape: [1, 5, 5], dtype: 'int32' } },
    training: true,
    describe(ops, { x, labels }) {
      const noisy = ops.add(x, ops.normal([1, 5, 5, 2]));
      const y = ops.conv2d(noisy, ops.parameter(filter), { padding: [1, 1, 1, 1] });
      const loss = ops.neg(ops.mean(ops.mul(ops.oneHot(labels, 3), ops.logSoftmax(y))));
      const [slope] = ops.gradients(loss, [x]);
      const penalty = ops.add(loss, ops.sum(ops.square(slope)));
      return { outputs: { y, same: x }, losses: { penalty: { value: penalty, parameters: [filter] } } };
    },
  };
}

describe('the eager engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEagerEngine('cpu');
  });
  afterAll(() => engine.dispose());

  const feeds = { x: new Float32Array(50).fill(0.5), labels: new Int32Array(25).fill(2) };

  it('keeps no tensor of a run but its results, and those only until the next run', async () => {
    const before = tf.memory().numTensors;
    const filter = new Parameter([3, 2, 3, 3], { values: new Float32Array(54).fill(0.1) });
    const slots = { sum: new Parameter(filter.shape) };
    const executable = engine.compile(network(filter));
    const updater = engine.updater(descent);
    const random = new SeedTree(1).stream();
    const step = () => {
      const { gradients } = executable.run(feeds, random);
      updater.apply(filter, gradients.penalty.get(filter), slots, { rate: 0.1 });
    };
    step();
    const after = tf.memory().numTensors;
    for (let i = 0; i < 100; i++) step();
    expect(tf.memory().numTensors).toBe(after);
    await engine.pull([filter, slots.sum]);
    expect(filter.values[0]).not.toBe(Math.fround(0.1));
    updater.dispose();
    executable.dispose();
    // The weights and the state stay until the engine goes.
    expect(tf.memory().numTensors).toBe(before + 2);
  });

  it('refuses results of an earlier run', async () => {
    const filter = new Parameter([3, 2, 3, 3]);
    const executable = engine.compile(network(filter));
    const random = new SeedTree(1).stream();
    const first = executable.run(feeds, random);
    executable.run(feeds, random);
    await expect(first.read('y')).rejects.toThrow(/overwritten/);
    await expect(first.read('z')).rejects.toThrow(/unknown output 'z'/);
    const updater = engine.updater(descent);
    const apply = () => updater.apply(filter, first.gradients.penalty.get(filter), { sum: filter }, { rate: 1 });
    expect(apply).toThrow(/last run of this engine/);
    executable.dispose();
  });

  it('writes to the host only what it changed', async () => {
    const filter = new Parameter([3, 2, 3, 3]);
    const executable = engine.compile(network(filter));
    executable.run(feeds, new SeedTree(1).stream());
    await engine.pull([filter]);
    expect(filter.version).toBe(0);
    executable.dispose();
  });

  it('has no second derivative of maxPool, and says so', () => {
    const program: Program = {
      name: 'twice',
      inputs: { x: { shape: [1, 2, 2, 1], dtype: 'float32' } },
      describe(ops, { x }) {
        const pooled = ops.maxPool(ops.square(x), { size: 2, stride: 2 });
        const [slope] = ops.gradients(ops.square(pooled), [x]);
        return { outputs: { y: ops.gradients(slope, [x])[0] } };
      },
    };
    expect(() => engine.compile(program)).toThrow('the second derivative of maxPool is not available');
  });

  it('checks what a program returns', () => {
    const weight = new Parameter([2]);
    const program = (clash: boolean): Program => ({
      name: 'faulty',
      inputs: {},
      describe(ops) {
        const w = ops.parameter(weight);
        const value = clash ? ops.sum(w) : w;
        return { outputs: { [clash ? 'loss' : 'other']: w }, losses: { loss: { value, parameters: [weight] } } };
      },
    });
    expect(() => engine.compile(program(false))).toThrow(/loss 'loss' of program 'faulty' has shape \[2\]/);
    expect(() => engine.compile(program(true))).toThrow(/an output and a loss/);
  });
});

import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedFile, SeedTree, UserError } from '@unseen/core';
import { writeSafetensors } from '@unseen/formats';
import { createEagerEngine, type Engine } from '@unseen/tensor';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { Dense } from '../layers/dense.ts';
import { dropout } from '../layers/dropout.ts';
import { Module } from '../module.ts';
import { Optimizer } from '../optim/optimizer.ts';
import { adam, sgd } from '../optim/rules.ts';
import { TrainingLoop } from '../training/loop.ts';
import { type CheckpointParts, loadCheckpoint, previousOf, saveCheckpoint } from './checkpoint.ts';

let folder: string;
let engine: Engine;
beforeEach(async () => {
  folder = temporaryFolder();
  engine = await createEagerEngine('cpu');
});

class Perceptron extends Module {
  readonly hidden: Dense;
  readonly out: Dense;
  constructor(seed: number, width = 8) {
    super();
    const seeds = new SeedTree(seed);
    this.hidden = new Dense({ inputs: 3, outputs: width, seeds: seeds.child('hidden') });
    this.out = new Dense({ inputs: width, outputs: 1, seeds: seeds.child('out') });
  }
}

/** A training whose numbers depend on weights, optimizer state and two random streams. */
function training(seed: number, rule = adam()) {
  const net = new Perceptron(seed);
  const optimizer = new Optimizer(engine, rule, [{ parameters: net.parameters(), weightDecay: 1e-2 }]);
  const [batches, noise] = ['batches', 'noise'].map((name) => new SeedTree(seed).child(name).stream());
  const executable = engine.compile({
    name: 'perceptron',
    training: true,
    inputs: { x: { shape: [4, 3], dtype: 'float32' } },
    describe: (ops, { x }) => {
      const hidden = dropout(ops, ops.relu(net.hidden.forward(ops, x)), 0.5);
      const value = ops.mean(ops.square(ops.sub(net.out.forward(ops, hidden), ops.scalar(1))));
      return { outputs: {}, losses: { loss: { value, parameters: net.parameters() } } };
    },
  });
  const step = async () => {
    const result = executable.run({ x: batches.fillNormal(new Float32Array(12)) }, noise);
    optimizer.step(result.gradients.loss, 0.01);
    return { loss: await result.scalar('loss') };
  };
  const parts: CheckpointParts = { modules: { net }, optimizers: { net: optimizer }, streams: { batches, noise } };
  return { net, step, parts };
}

const run = async ({ step }: ReturnType<typeof training>, start: number, iterations: number) => {
  const losses: number[] = [];
  await new TrainingLoop({
    start,
    iterations,
    step,
    hooks: [{ onStep: ({ scalars }) => void losses.push(scalars.loss) }],
  }).run();
  return losses;
};

test('a training that was saved and resumed gives the numbers of one that was not interrupted', async () => {
  const path = join(folder, 'deep', 'checkpoint.safetensors');
  const whole = await run(training(1), 0, 9);
  const first = training(1);
  const before = await run(first, 0, 5);
  await saveCheckpoint(path, first.parts, { engine, position: { iteration: 5 }, metadata: { run: 'toy' } });
  const second = training(77);
  const { position, metadata } = await loadCheckpoint(path, second.parts);
  expect(position).toEqual({ iteration: 5 });
  expect(metadata.run).toBe('toy');
  expect([...before, ...(await run(second, 5, 9))]).toEqual(whole);
  expect(await readdir(join(folder, 'deep'))).toEqual(['checkpoint.safetensors']);
});

test('weights alone can be loaded, and only some of the modules', async () => {
  const path = join(folder, 'checkpoint.safetensors');
  const saved = training(1);
  const head = new Dense({ inputs: 2, outputs: 2, seeds: new SeedTree(0) });
  await saveCheckpoint(path, { ...saved.parts, modules: { ...saved.parts.modules, head } });
  const net = new Perceptron(2);
  await loadCheckpoint(path, { modules: { net } }, { partial: true });
  expect(net.hidden.weight.values).toEqual(saved.net.hidden.weight.values);
  await expect(loadCheckpoint(path, { modules: { net } })).rejects.toThrow('unexpected: head.weight, head.bias');
});

test('tensors that do not fit are all listed, and nothing is changed', async () => {
  const path = join(folder, 'checkpoint.safetensors');
  await saveCheckpoint(path, { modules: { net: new Perceptron(1) } });
  const wide = new Perceptron(2, 9);
  const extra = new Dense({ inputs: 1, outputs: 1, seeds: new SeedTree(0) });
  const before = wide.out.bias!.values.slice();
  const error = await loadCheckpoint(path, { modules: { net: wide, extra } }).catch((e) => e);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain('missing: extra.weight, extra.bias');
  expect(error.message).toContain('net.hidden.weight is [8,3] instead of [9,3]');
  expect(wide.out.bias!.values).toEqual(before);
});

test('another optimizer, a missing stream and a foreign file are refused', async () => {
  const path = join(folder, 'checkpoint.safetensors');
  const { parts } = training(1);
  await saveCheckpoint(path, parts);
  const other = training(1, { ...adam(), name: 'another' }).parts;
  await expect(loadCheckpoint(path, other)).rejects.toThrow('another');
  await expect(loadCheckpoint(path, training(1, sgd()).parts)).rejects.toThrow('unexpected: optimizer:net/');
  const streams = { elsewhere: new SeedTree(0).stream() };
  await expect(loadCheckpoint(path, { ...parts, streams })).rejects.toThrow("no random state 'elsewhere'");
  await writeSafetensors(path, []);
  await expect(loadCheckpoint(path, parts)).rejects.toThrow('without training state');
});

test('weights that are not finite are never saved over good ones', async () => {
  const path = join(folder, 'checkpoint.safetensors');
  const { parts, net } = training(1);
  await saveCheckpoint(path, parts);
  const good = await readFile(path);
  net.out.weight.values[3] = Number.NaN;
  await expect(saveCheckpoint(path, parts)).rejects.toThrow("'net.out.weight' are not finite");
  expect((await readFile(path)).equals(good)).toBe(true);
});

describe('damage', () => {
  const flipBit = async (path: string, at: number) => {
    const bytes = await readFile(path);
    bytes[at < 0 ? bytes.length + at : at] ^= 1;
    await writeFile(path, bytes);
  };

  test('a bit that has changed anywhere in the tensors is found, and nothing is loaded', async () => {
    const path = join(folder, 'checkpoint.safetensors');
    await saveCheckpoint(path, training(1).parts);
    const { size } = await stat(path);
    const other = training(2);
    const before = other.net.hidden.weight.values.slice();
    for (const at of [-1, -4, Math.floor(size * 0.7)]) {
      await flipBit(path, at);
      const error = await loadCheckpoint(path, other.parts).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(DamagedFile);
      expect(error.message).toMatch(
        /checkpoint\.safetensors has a .*wrong checksum.*; restore it from a copy, or delete it/,
      );
      await flipBit(path, at);
    }
    expect(other.net.hidden.weight.values).toEqual(before);
    await loadCheckpoint(path, other.parts);
  });

  test('weights of an earlier version are loaded without checksums, unless they are not finite', async () => {
    const path = join(folder, 'weights.safetensors');
    const { weight, bias } = new Dense({ inputs: 2, outputs: 1, seeds: new SeedTree(0) });
    const state = JSON.stringify({ version: 1, optimizers: {}, streams: {}, position: null });
    const write = async () => {
      const [w, b] = [weight, bias!].map(({ values }) =>
        Buffer.from(values.buffer, values.byteOffset, values.byteLength),
      );
      const tensor = (shape: number[], from: number, to: number) => ({ dtype: 'F32', shape, data_offsets: [from, to] });
      const tensors = { 'net.weight': tensor([1, 2], 0, 8), 'net.bias': tensor([1], 8, 12) };
      const header = Buffer.from(JSON.stringify({ __metadata__: { 'unseen.state': state }, ...tensors }));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      await writeFile(path, Buffer.concat([length, header, w, b]));
    };
    const net = new Dense({ inputs: 2, outputs: 1, seeds: new SeedTree(1) });
    await write();
    await loadCheckpoint(path, { modules: { net } });
    expect(net.weight.values).toEqual(weight.values);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      bias!.values[0] = wrong;
      await write();
      await expect(loadCheckpoint(path, { modules: { net } })).rejects.toThrow(
        "'net.bias' with values that are not finite",
      );
    }
  });

  test('the checkpoint before is used, with a warning, and only for damage', async () => {
    const path = join(folder, 'latest.safetensors');
    const saved = training(1);
    for (const iteration of [1, 2, 3]) {
      saved.net.out.weight.values[0] = iteration;
      await saveCheckpoint(path, saved.parts, { position: { iteration }, keepPrevious: true });
    }
    expect((await readdir(folder)).sort()).toEqual(['latest.previous.safetensors', 'latest.safetensors']);
    const warnings: string[] = [];
    const load = (parts: CheckpointParts) => loadCheckpoint(path, parts, { onPrevious: (text) => warnings.push(text) });
    const other = training(2);
    expect((await load(other.parts)).position).toEqual({ iteration: 3 });
    expect(warnings).toEqual([]);
    await truncate(path, 200);
    expect((await load(other.parts)).position).toEqual({ iteration: 2 });
    expect(other.net.out.weight.values[0]).toBe(2);
    expect(warnings).toEqual([
      expect.stringMatching(/latest.*; continuing from the checkpoint before, .*latest\.previous/),
    ]);
    expect(await readFile(path)).toEqual(await readFile(previousOf(path)));
    await expect(load({ modules: { net: new Perceptron(1, 9) } })).rejects.toThrow('do not fit');
    // Two files: damage to one leaves the other alone.
    await flipBit(path, -1);
    expect((await load(other.parts)).position).toEqual({ iteration: 2 });
    await flipBit(path, -1);
    await flipBit(previousOf(path), -1);
    await expect(load(other.parts)).rejects.toThrow(
      /latest.*and the checkpoint before, .*latest\.previous.* cannot be loaded either/,
    );
    await expect(loadCheckpoint(path, other.parts)).rejects.toBeInstanceOf(DamagedFile);
  });
});

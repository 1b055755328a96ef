import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { evaluateRun, exportRun, loadExperiment, openTrainedRun, runExperiment } from '@unseen/experiment';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { dyingAt, expectSameProgram } from '../runs.suite.ts';
import { zs3net } from './zs3net.ts';

const EXPERIMENTS = join(import.meta.dirname, '../../../../experiments/zs3net');
const methods = { zs3net };

/** Networks and images as small as can be. */
const MICRO = [
  'data={size: [24, 24], train: {limit: 6}, val: {limit: 3}, allowMissing: true}',
  'zs3net.network={generator: {hidden: 8}, classifier: {hidden: 8}}',
  'train={iterations: 24, batch: 2, logEvery: 1, checkpointEvery: 5}',
  'finetune={iterations: 6, batch: 2, alternate: 2, draws: 16, logEvery: 1, checkpointEvery: 2}',
  'report.panels=0',
  'seed=3',
];
const SELF_TRAINING = [
  'selfTrain={iterations: 5, batch: 2, logEvery: 1, checkpointEvery: 2}',
  'finetune2={iterations: 4, batch: 2, alternate: 1, draws: 16, logEvery: 1, checkpointEvery: 2}',
];
const TRAINED = [
  'backbone={train: true, aspp: 5}',
  'data.crop=16',
  'features.scales=[1, 0.5]',
  'train.optimizers.backbone={rate: 1e-3}',
];

const dir = temporaryFolder();

const load = (set: readonly string[] = [], file = 'toy.yaml') =>
  loadExperiment(join(EXPERIMENTS, file), { methods, set: [...MICRO, ...set] });
const read = async (...parts: string[]) => JSON.parse(await readFile(join(dir, ...parts), 'utf8'));

describe.each([
  ['stored features', 'stored', 'toy.yaml', [], ['seen-only', 'zs3net']],
  ['a backbone that is trained at two scales', 'train', 'toy.yaml', TRAINED, ['seen-only', 'zs3net']],
  ['self-training', 'st', 'toy-self-training.yaml', SELF_TRAINING, ['seen-only', 'zs3net', 'zs3net-st']],
  ['the official profile', 'official', 'toy.yaml', ['profile=official'], ['seen-only', 'zs3net']],
] as const)('%s', (_, name, file, set, names) => {
  beforeAll(async () => {
    await runExperiment(await load(set, file), { out: join(dir, name) });
  }, 60_000);

  test('learns, and reports every model', async () => {
    const lines = (await readFile(join(dir, name, 'log.jsonl'), 'utf8')).trim().split('\n');
    const losses: number[] = lines
      .map((line) => JSON.parse(line))
      .flatMap(({ stage, losses: found }) => (stage === 'train' && found ? [found.classifyReal] : []));
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect(losses).toHaveLength(24);
    expect(sum(losses.slice(-4))).toBeLessThan(sum(losses.slice(0, 4)));
    const { methods: found, protocol } = await read(name, 'metrics.json');
    expect(Object.keys(found)).toEqual(names);
    if (name === 'st') expect(protocol.training).toContain('transductive');
    else expect(protocol.training).toContain('inductive');
  });

  test('is evaluated, predicts and is exported with the weights of the run', async () => {
    const run = await openTrainedRun(join(dir, name), { methods });
    const { methods: found } = await evaluateRun(run, { out: join(dir, `${name}.json`) });
    expect(JSON.parse(JSON.stringify(found))).toEqual((await read(name, 'metrics.json')).methods);
    await expectSameProgram(await run.model());
    const [last] = names.slice(-1);
    expect(exportRun(run, { model: await run.model(), name: last }).bytes.length).toBeGreaterThan(1000);
    run.close();
  });

  if (name === 'stored') {
    test('is calibrated by evaluating it again: seen mIoU is exchanged for unseen mIoU along the curve', async () => {
      const out = join(dir, 'calibrated');
      await cp(join(dir, name), out, { recursive: true });
      const { zs3net: plain } = (await read(name, 'metrics.json')).methods;
      const { gamma } = plain.curve.best;
      const experiment = await load([`calibration.gamma=${gamma}`], file);
      await runExperiment(experiment, { out, resume: true, force: true, from: 'evaluate' });
      const { methods: found } = await read('calibrated', 'metrics.json');
      expect(Object.keys(found)).toEqual([...names, 'zs3net-c']);
      expect(found.zs3net).toEqual(plain);
      expect(found['zs3net-c'].hIoU).toBeCloseTo(plain.curve.best.hIoU, 2);
      expect(found['zs3net-c'].curve.area).toBeCloseTo(plain.curve.area, 2);
      const run = await openTrainedRun(out, { methods });
      await expectSameProgram(await run.model());
      run.close();
    });
  }

  if (name === 'st') {
    test('ends with the same numbers when it is killed and resumed', async () => {
      const out = join(dir, `${name}-again`);
      const kills = [dyingAt('train', 12), dyingAt('finetune', 5), dyingAt('selfTrain', 3), dyingAt('finetune2', 3)];
      for (const progress of kills) {
        await expect(runExperiment(await load(set, file), { out, resume: true, progress })).rejects.toThrow('killed');
      }
      await runExperiment(await load(set, file), { out, resume: true });
      for (const part of ['checkpoints/train.safetensors', 'checkpoints/finetune.safetensors', 'metrics.json']) {
        expect((await readFile(join(out, part))).equals(await readFile(join(dir, name, part)))).toBe(true);
      }
    }, 60_000);
  }
});

test.each([
  [['train.optimizers.backbone={rate: 1}'], 'the trunk does not learn'],
  [['backbone.train=true'], 'an optimizer: with backbone.train'],
  [
    ['finetune2={iterations: 1, batch: 1, optimizers: {heads: {rate: 1}, generator: {rate: 1}}}'],
    'follows self-training',
  ],
  [['zs3net.mmd.bandwidths=[2, 0]'], 'more than 0'],
  [['zs3net.network.generator.noiseKind=gauss'], 'gaussian'],
])('settings that make no sense are told with their place: %s', async (set, message) => {
  const error = await load(set).catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain(message);
  expect(error.message).toMatch(/--set|\.yaml:\d+:\d+/);
});

test.each([
  'toy-instant.yaml',
  'coco200.yaml',
  'voc-animals.yaml',
  'toy-self-training.yaml',
  'voc12.yaml',
  'context.yaml',
  'cocostuff.yaml',
])('%s is a valid experiment', async (file) => {
  const { config, method } = await loadExperiment(join(EXPERIMENTS, file), { methods });
  expect(config.name).toBe(`zs3net-${file.slice(0, -'.yaml'.length)}`);
  expect(method.pipeline(config).at(-1)?.name).toBe('evaluate');
});

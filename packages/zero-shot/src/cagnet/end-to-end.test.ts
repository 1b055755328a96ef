import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import {
  buildTrunk,
  evaluateRun,
  loadExperiment,
  loadExperimentBackbone,
  openTrainedRun,
  runExperiment,
} from '@unseen/experiment';
import { loadCheckpoint, Standardize } from '@unseen/nn';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { dyingAt, expectSameProgram } from '../runs.suite.ts';
import { cagnet } from './cagnet.ts';
import type { CagnetConfig } from './settings.ts';

const EXPERIMENTS = join(import.meta.dirname, '../../../../experiments');
const methods = { cagnet };

/** Networks and images as small as can be. */
const MICRO = [
  'data={size: [24, 24], train: {limit: 6}, val: {limit: 3}, allowMissing: true}',
  'cagnet.network={contextual: {width: 4}, generator: {hidden: [8], dropout: [0.1]}, heads: {hidden: 8}}',
  'train={iterations: 24, batch: 2, logEvery: 1, checkpointEvery: 5}',
  'finetune={iterations: 6, batch: 2, alternate: 2, draws: 16, logEvery: 1, checkpointEvery: 2}',
  'report.panels=0',
  'seed=3',
];

const dir = temporaryFolder();

const load = (set: readonly string[], file = 'toy-end-to-end.yaml') =>
  loadExperiment(join(EXPERIMENTS, 'cagnet', file), { methods, set: [...MICRO, ...set] });
const configOf = async (set: readonly string[]) => (await load(set)).config as unknown as CagnetConfig;

const metricsOf = async (out: string) => JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8'));

describe.each([
  ['a backbone that is trained under an ASPP', 'train', ['data.crop=16', 'backbone.aspp=5']],
  ['a backbone that is trained', 'bare', ['data.crop=null', 'backbone.aspp=null']],
  ['an ASPP on stored features', 'stored', ['data.crop=null', 'backbone={train: false, aspp: 5}']],
] as const)('%s', (_, name, set) => {
  let out: string;
  let weights: string;
  beforeAll(async () => {
    out = join(dir, name);
    weights = join(dir, `${name}.safetensors`);
    await copyFile(join(EXPERIMENTS, 'pretrain/toy-backbone.safetensors'), weights);
    await runExperiment(await load([...set, `backbone.weights=${weights}`]), { out });
  }, 60_000);

  /** The trunk as a stage has left it. */
  async function trunkAfter(stage: string) {
    const config = await configOf([...set, `backbone.weights=${weights}`]);
    const { encoder } = await loadExperimentBackbone({ ...config.backbone, weights: START });
    const [{ channels }] = encoder.taps;
    const from = config.backbone.train ? { channels, encoder } : { channels, scaler: new Standardize(channels) };
    const trunk = buildTrunk(config, from);
    await loadCheckpoint(
      join(out, 'checkpoints', `${stage}.safetensors`),
      { modules: trunk.modules },
      { partial: true },
    );
    return trunk;
  }

  test('learns', async () => {
    const lines = (await readFile(join(out, 'log.jsonl'), 'utf8')).trim().split('\n');
    const losses: number[] = lines
      .map((line) => JSON.parse(line))
      .flatMap(({ stage, losses: found }) => (stage === 'train' && found?.contextual ? [found.classifyReal] : []));
    expect(losses).toHaveLength(24);
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(losses.slice(-4))).toBeLessThan(sum(losses.slice(0, 4)));
  });

  test('is trained in the first stage only', async () => {
    const [trained, tuned] = [await trunkAfter('train'), await trunkAfter('finetune')];
    const { encoder } = await loadExperimentBackbone((await configOf([`backbone.weights=${START}`])).backbone);
    const initial = encoder.namedParameters();
    for (const [path, { values, trainable }] of trained.encoder?.namedParameters() ?? []) {
      expect(values.join() === initial.get(path)!.values.join()).toBe(!trainable);
    }
    for (const { bias } of trained.aspp?.branches ?? []) expect(bias!.values.every((value) => value !== 0)).toBe(true);
    for (const [path, { values }] of trained.namedParameters()) {
      expect(tuned.namedParameters().get(path)!.values).toEqual(values);
    }
  });

  if (name === 'train') {
    test('ends with the same numbers when it is killed and resumed', async () => {
      const again = join(dir, `${name}-again`);
      const experiment = await load([...set, `backbone.weights=${weights}`]);
      for (const progress of [dyingAt('train', 12), dyingAt('finetune', 5)]) {
        await expect(runExperiment(experiment, { out: again, resume: true, progress })).rejects.toThrow('killed');
      }
      await runExperiment(experiment, { out: again, resume: true });
      for (const file of ['checkpoints/train.safetensors', 'checkpoints/finetune.safetensors', 'metrics.json']) {
        expect((await readFile(join(again, file))).equals(await readFile(join(out, file)))).toBe(true);
      }
    });
  }

  test('is evaluated, and predicts, with the weights of the run', async () => {
    if (name !== 'stored') await rm(weights);
    const run = await openTrainedRun(out, { methods });
    const { methods: found } = await evaluateRun(run, { out: join(dir, `${name}.json`) });
    await expectSameProgram(await run.model());
    run.close();
    const { methods: stored, protocol } = await metricsOf(out);
    expect(JSON.parse(JSON.stringify(found))).toEqual(stored);
    expect(protocol.backbone).toContain(name === 'stored' ? ', frozen, trained ASPP of 5 channels' : 'trained with');
  });
});

const START = join(EXPERIMENTS, 'pretrain/toy-backbone.safetensors');

test.each([
  [['data.size=[24, 32]'], 'need a square size'],
  [['features.scales=[0.5]'], 'the first scale is 1'],
  [['features.flip=true'], 'flipped anyway'],
  [['backbone={train: false}', 'data.crop=16'], 'only with backbone.train: true'],
  [['train.optimizers.backbone=null'], 'learns by train.optimizers.backbone'],
  [['train.optimizers.contextual={rate: 1}'], 'set this one to null'],
])('settings that contradict each other are told with their place: %s', async (set, message) => {
  const error = await load(set).catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain(message);
  expect(error.message).toMatch(/--set|\.yaml:\d+:\d+/);
});

test('a frozen backbone keeps its own optimizer', async () => {
  await expect(load(['train.optimizers.backbone={rate: 1}'], 'toy.yaml')).rejects.toThrow('without backbone.train');
  expect(
    (await load([], 'toy.yaml')).method.pipeline((await load([], 'toy.yaml')).config).map(({ name }) => name),
  ).toContain('features');
});

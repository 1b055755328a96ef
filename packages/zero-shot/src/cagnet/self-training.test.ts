import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { evaluateRun, loadExperiment, openTrainedRun, runExperiment, silentProgress } from '@unseen/experiment';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { dyingAt, expectSameProgram } from '../runs.suite.ts';
import { cagnet } from './cagnet.ts';
import { cagnetPatch } from './patches/cagnet-patch.ts';

const EXPERIMENTS = join(import.meta.dirname, '../../../../experiments/cagnet');
const methods = { cagnet, 'cagnet-patch': cagnetPatch };

/** Networks and images as small as can be. */
const MICRO = [
  'data={size: [24, 24], train: {limit: 6}, val: {limit: 3}, allowMissing: true}',
  'cagnet.network={contextual: {width: 4}, generator: {hidden: [8]}, heads: {hidden: 8}}',
  'train={iterations: 4, batch: 2}',
  'finetune={iterations: 4, batch: 2, draws: 12}',
  'selfTrain={iterations: 6, batch: 2, checkpointEvery: 2, logEvery: 1}',
  'finetune2={iterations: 4, batch: 2, draws: 12, checkpointEvery: 1}',
  'report.panels=0',
];

const dir = temporaryFolder();

const load = (file: string, set: readonly string[] = []) =>
  loadExperiment(join(EXPERIMENTS, file), { methods, set: [...MICRO, ...set] });

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'));

interface LogLine {
  readonly stage: string;
  readonly losses?: Readonly<Record<string, number>> | undefined;
}

async function logOf(out: string, stage: string): Promise<LogLine[]> {
  const lines = (await readFile(join(out, 'log.jsonl'), 'utf8')).trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as LogLine)
    .filter((line) => line.stage === stage && line.losses)
    .map(({ losses }) => ({ stage, losses }));
}

describe.each([
  ['cagnet', 'toy-self-training-instant.yaml', [], ['train', 'finetune', 'selfTrain', 'finetune2']],
  [
    'cagnet-patch',
    'toy-patch-instant.yaml',
    ['patches={perFile: 40, training: {images: 1, batch: 6}}'],
    ['train', 'patches', 'finetune', 'selfTrain', 'finetune2'],
  ],
] as const)('%s with self-training', (name, file, set, trained) => {
  let out: string;
  beforeAll(async () => {
    out = join(dir, name);
    await runExperiment(await load(file, set), { out });
  }, 120_000);

  test('has its stages, and a model after each that segments', async () => {
    const { finished } = await readJson(out, 'stages.json');
    expect(finished.map((stage: { name: string }) => stage.name)).toEqual([
      'check',
      'features',
      'features-val',
      ...trained,
      'evaluate',
    ]);
    const { methods: found, protocol } = await readJson(out, 'metrics.json');
    expect(Object.keys(found)).toEqual(['seen-only', name, `${name}-st`]);
    expect(protocol.training).toContain('self-training also sees the unlabelled pixels');
  });

  test('labels some of the unlabelled pixels itself', async () => {
    const shares = (await logOf(out, 'selfTrain')).map(({ losses }) => losses!.pseudoLabelled);
    expect(shares).toHaveLength(6);
    for (const share of shares) expect(share >= 0 && share < 1).toBe(true);
    expect(Math.max(...shares)).toBeGreaterThan(0);
  });

  test('ends with the same numbers when it is killed and resumed in every stage', async () => {
    const again = join(dir, `${name}-again`);
    const experiment = await load(file, set);
    for (const stage of trained) {
      const progress = dyingAt(stage, 3);
      await expect(runExperiment(experiment, { out: again, resume: true, progress })).rejects.toThrow('killed');
    }
    await runExperiment(experiment, { out: again, resume: true });
    const files = ['metrics.json', ...trained.map((stage) => `checkpoints/${stage}.safetensors`)];
    for (const path of files) {
      expect((await readFile(join(again, path))).equals(await readFile(join(out, path))), path).toBe(true);
    }
    expect(await logOf(again, 'selfTrain')).toEqual(await logOf(out, 'selfTrain'));
  });

  test('predicts, is evaluated again and exported with the weights of its last stage', async () => {
    const run = await openTrainedRun(out, { methods });
    try {
      expect(run.names.at(-1)).toBe(`${name}-st`);
      const path = join(dir, `${name}.json`);
      await evaluateRun(run, { out: path });
      const { methods: stored, protocol } = await readJson(out, 'metrics.json');
      const { methods: found, protocol: words } = await readJson(path);
      expect(found).toEqual(stored);
      expect(words.training).toBe(protocol.training);
      const model = await run.model();
      const image = { height: 24, width: 24, data: Uint8Array.from({ length: 24 * 24 * 3 }, (_, i) => (37 * i) % 251) };
      const [last, plain] = [await model.logits(image), await (await run.model({ name })).logits(image)];
      expect(last.data.some((value, i) => value !== plain.data[i])).toBe(true);
      await expectSameProgram(model);
    } finally {
      run.close();
    }
  });

  if (name === 'cagnet-patch') {
    test('leaves files of patches for each fine-tuning, and makes them again when one is gone', async () => {
      for (const stage of ['finetune', 'finetune2']) {
        expect(await readdir(join(out, 'patches', stage))).toEqual(['0000.safetensors', '0001.safetensors']);
      }
      const path = join(out, 'patches/finetune/0001.safetensors');
      const before = await readFile(path);
      await rm(path);
      await runExperiment(await load(file, set), { out, resume: true, force: true });
      expect((await readFile(path)).equals(before)).toBe(true);
    });
  }
});

test.each([
  'selfTrain.pseudoLabels.teacher=current',
  'selfTrain.pseudoLabels={mode: rank, topRanks: 6}',
  'selfTrain.unseenVectors=zero',
])('%s changes what is learnt', async (set) => {
  const out = join(dir, set.replaceAll(/\W/g, '-'));
  await cp(join(dir, 'cagnet'), out, { recursive: true });
  const experiment = await load('toy-self-training-instant.yaml', [set]);
  const progress = dyingAt('finetune2', 1);
  await expect(runExperiment(experiment, { out, resume: true, force: true, progress })).rejects.toThrow('killed');
  const [changed, usual] = await Promise.all(
    [out, join(dir, 'cagnet')].map((folder) => readFile(join(folder, 'checkpoints/selfTrain.safetensors'))),
  );
  expect(changed.equals(usual)).toBe(false);
});

test('another choice of validation images runs nothing again but what looks at them', async () => {
  const out = join(dir, 'other-val');
  await cp(join(dir, 'cagnet'), out, { recursive: true });
  const trained = await readFile(join(out, 'checkpoints/finetune2.safetensors'));
  const experiment = await load('toy-self-training-instant.yaml', ['data.val.limit=2']);
  const started: string[] = [];
  const stage = (name: string, event: string) => event === 'start' && started.push(name);
  const progress = { ...silentProgress, stage };
  await expect(runExperiment(experiment, { out, resume: true, progress })).rejects.toThrow(
    /settings have changed \(data\.val\.limit: 3 → 2\) under what has already run: check, features-val, evaluate/,
  );
  await runExperiment(experiment, { out, resume: true, force: true, progress });
  expect(started).toEqual(['check', 'features-val', 'evaluate']);
  expect((await readFile(join(out, 'checkpoints/finetune2.safetensors'))).equals(trained)).toBe(true);
  const { protocol } = await readJson(out, 'metrics.json');
  expect(protocol.dataset).toContain('2 validation images');
});

test('processes that share the images of the features leave the store that one process writes', async () => {
  const out = join(dir, 'shared');
  const experiment = await load('toy-self-training-instant.yaml');
  const stop = dyingAt('features', 0);
  await expect(runExperiment(experiment, { out, shard: { index: 1, count: 2 }, progress: stop })).rejects.toThrow(
    'the next stage of',
  );
  await expect(runExperiment(experiment, { out, resume: true, progress: dyingAt('features', 1) })).rejects.toThrow();
  for (const index of [1, 2]) await runExperiment(experiment, { out, shard: { index, count: 2 } });
  expect((await readdir(join(out, 'features'))).filter((name) => name.includes('shard'))).toHaveLength(2);
  await expect(runExperiment(experiment, { out, resume: true, progress: dyingAt('train', 1) })).rejects.toThrow(
    'killed',
  );
  expect((await readdir(join(out, 'features'))).sort()).toEqual(['train.arrow', 'val.arrow']);
  const [own, other] = [out, join(dir, 'cagnet')].map((run) => join(run, 'features/train.arrow'));
  expect((await readFile(own)).equals(await readFile(other))).toBe(true);
});

test('without a second fine-tuning the model is that of self-training', async () => {
  const { config, method } = await load('toy-self-training-instant.yaml');
  const { finetune2: _, ...rest } = config as typeof config & { finetune2: object };
  expect(method.pipeline(rest).map(({ name }) => name)).toEqual([
    'check',
    'features',
    'features-val',
    'train',
    'finetune',
    'selfTrain',
    'evaluate',
  ]);
  expect(Object.keys(method.predictors(rest))).toEqual(['seen-only', 'cagnet', 'cagnet-st']);
});

test.each([
  ['toy-self-training-instant.yaml', ['selfTrain.crop=16'], 'crops need backbone.train: true'],
  ['toy-self-training-instant.yaml', ['selfTrain.pseudoLabels.share=0'], 'selfTrain.pseudoLabels.share'],
  ['toy-self-training-instant.yaml', ['selfTrain.pseudoLabels.mode=best'], 'confidence'],
  ['toy-self-training-instant.yaml', ['selfTrain.optimizers.contextual=null'], 'selfTrain.optimizers.contextual'],
  ['toy-patch-instant.yaml', ['patches.size=4'], 'patches.size'],
  ['toy-patch-instant.yaml', ['patches.network.kernel=4'], 'an odd number'],
  ['toy-self-training-instant.yaml', ['method=cagnet-patch'], 'patches'],
])('%s: a mistake is told with its place: %s', async (file, set, message) => {
  const error = await load(file, set).catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain(message);
});

test('a second fine-tuning needs self-training', async () => {
  const { config } = await load('toy-self-training-instant.yaml');
  const { selfTrain: _, name, ...rest } = config as typeof config & { selfTrain: object };
  const result = cagnet.schema.safeParse({ ...rest, name });
  expect(result.error?.issues.map(({ message }) => message).join()).toContain('give selfTrain too');
});

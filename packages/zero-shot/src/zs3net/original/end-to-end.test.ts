import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { LAYOUT_LEAK } from '@unseen/data';
import { evaluateRun, exportRun, loadExperiment, openTrainedRun, runExperiment } from '@unseen/experiment';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../../tests/helpers/temporary-folder.ts';
import { dyingAt, expectSameProgram } from '../../runs.suite.ts';
import { zs3netOriginal } from './zs3net-original.ts';

const EXPERIMENTS = join(import.meta.dirname, '../../../../../experiments/zs3net');
const methods = { 'zs3net-original': zs3netOriginal };

/** Images as small as can be. */
const MICRO = [
  'data={size: [32, 32], crop: 24, train: {limit: 24}, val: {limit: 3}, allowMissing: true}',
  'gmmn={generator: {hidden: 8}, mmd: {maxSamples: 16}, graph: {hidden: 8}}',
  'train={iterations: 16, batch: 2, logEvery: 1, checkpointEvery: 5}',
  'finetune={iterations: 5, batch: 2, logEvery: 1, checkpointEvery: 2}',
  'report.panels=0',
  'seed=3',
];

const dir = temporaryFolder();

const load = (set: readonly string[] = []) =>
  loadExperiment(join(EXPERIMENTS, 'toy-original.yaml'), { methods, set: [...MICRO, ...set] });
const read = async (...parts: string[]) => JSON.parse(await readFile(join(dir, ...parts), 'utf8'));

describe.each([
  ['random layouts', 'random', [], false],
  ['the official profile', 'official', ['profile=official'], true],
  ['auxiliary regions', 'auxiliary', ['gmmn.graph.use=auxiliary'], false],
  ['regions of true layouts', 'regions', ['gmmn.graph.use=generator', 'finetune.layout=groundTruth'], true],
] as const)('%s', (_, name, set, isLeaked) => {
  beforeAll(async () => {
    await runExperiment(await load(set), { out: join(dir, name) });
  }, 60_000);

  test('learns in both stages, and says loudly where masks of unseen classes were used', async () => {
    const lines = (await readFile(join(dir, name, 'log.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const losses = (stage: string, loss: string): number[] =>
      lines.flatMap((line) => (line.stage === stage && line.losses ? [line.losses[loss]] : []));
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const segment = losses('train', 'segment');
    expect(sum(segment.slice(-4))).toBeLessThan(sum(segment.slice(0, 4)));
    expect(losses('finetune', 'classifier').every(Number.isFinite)).toBe(true);
    expect(losses('finetune', 'match').some((loss) => loss > 0)).toBe(true);
    if (name === 'auxiliary') expect(losses('finetune', 'matchRegions').some((loss) => loss > 0)).toBe(true);
    const { methods: found, protocol } = await read(name, 'metrics.json');
    expect(Object.keys(found)).toEqual(['seen-only', 'zs3net-original']);
    // The report prints this topic in red.
    expect(protocol.leakage).toBe(isLeaked ? LAYOUT_LEAK : undefined);
    expect(lines.some(({ warning }) => warning?.includes(LAYOUT_LEAK))).toBe(isLeaked);
  });

  test('is evaluated, predicts and is exported with the weights of the run', async () => {
    const run = await openTrainedRun(join(dir, name), { methods });
    const { methods: found } = await evaluateRun(run, { out: join(dir, `${name}.json`) });
    expect(JSON.parse(JSON.stringify(found))).toEqual((await read(name, 'metrics.json')).methods);
    expect((await read(`${name}.json`)).protocol.leakage).toBe(isLeaked ? LAYOUT_LEAK : undefined);
    await expectSameProgram(await run.model());
    expect(exportRun(run, { model: await run.model(), name: 'zs3net-original' }).bytes.length).toBeGreaterThan(1000);
    run.close();
  });

  // With the extractor in training mode more changes from step to step.
  if (name === 'official') {
    test('ends with the same numbers when it is killed and resumed', async () => {
      const out = join(dir, `${name}-again`);
      for (const progress of [dyingAt('train', 12), dyingAt('finetune', 3)]) {
        await expect(runExperiment(await load(set), { out, resume: true, progress })).rejects.toThrow('killed');
      }
      await runExperiment(await load(set), { out, resume: true });
      for (const part of ['checkpoints/train.safetensors', 'checkpoints/finetune.safetensors', 'metrics.json']) {
        expect((await readFile(join(out, part))).equals(await readFile(join(dir, name, part)))).toBe(true);
      }
    }, 60_000);
  }
});

test.each([
  [['zs3net.network=deeplabv3'], 'one of: '],
  [['zs3net.network=test_deeplabv2.micro'], 'test_resnet.micro, on which'],
  [['backbone.train=false'], 'trained end to end'],
  [['backbone.aspp=8'], 'a pyramid of its own'],
  [['data.crop=null', 'data.size=[32, 40]'], 'for a size that is not square'],
  [['train.batch=1'], 'at least 2'],
  [['finetune.batch=1', 'profile=official'], 'at least 2 with extractor train'],
  [['finetune.layout=truth'], 'groundTruth'],
])('settings that make no sense are told with their place: %s', async (set, message) => {
  const error = await load(set).catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain(message);
  expect(error.message).toMatch(/--set|\.yaml:\d+:\d+/);
});

test.each(['pascal.yaml', 'context60.yaml'])('%s is a valid experiment', async (file) => {
  const { config, method } = await loadExperiment(join(EXPERIMENTS, file), { methods });
  expect(method.pipeline(config).map(({ name }) => name)).toEqual(['check', 'train', 'finetune', 'evaluate']);
});

import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { evaluateRun, exportRun, loadExperiment, openTrainedRun, runExperiment } from '@unseen/experiment';
import { createCompiledEngine } from '@unseen/onnx';
import { labelsFromScores } from '@unseen/vision';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { dyingAt, expectSameProgram } from '../runs.suite.ts';
import { spnet } from './spnet.ts';

const EXPERIMENTS = join(import.meta.dirname, '../../../../experiments');
const methods = { spnet };

/** Images as small as can be. */
const MICRO = [
  'data={size: [24, 24], train: {limit: 8}, val: {limit: 3}, allowMissing: true}',
  'train={iterations: 24, batch: 2, logEvery: 1, checkpointEvery: 5}',
  'report.panels=0',
  'seed=3',
];

const dir = temporaryFolder();

const load = (set: readonly string[] = []) =>
  loadExperiment(join(EXPERIMENTS, 'spnet/toy-instant.yaml'), { methods, set: [...MICRO, ...set] });
const read = async (...parts: string[]) => JSON.parse(await readFile(join(dir, ...parts), 'utf8'));

const END_TO_END = [
  'backbone={train: true, aspp: 32}',
  'spnet.projection=null',
  'features.scales=[1, 0.5, 0.75]',
  'data.crop=16',
];

describe.each([
  ['stored features', 'stored', []],
  ['a backbone that is trained at several scales', 'train', END_TO_END],
] as const)('%s', (_, name, set) => {
  let weights: string;
  const experiment = () => load([...set, `backbone.weights=${weights}`]);
  beforeAll(async () => {
    weights = join(dir, `${name}.safetensors`);
    await copyFile(join(EXPERIMENTS, 'pretrain/toy-backbone.safetensors'), weights);
    await runExperiment(await experiment(), { out: join(dir, name) });
  }, 60_000);

  test('learns, and reports both methods in both settings', async () => {
    const lines = (await readFile(join(dir, name, 'log.jsonl'), 'utf8')).trim().split('\n');
    const losses: number[] = lines
      .map((line) => JSON.parse(line))
      .flatMap(({ stage, losses: found }) => (stage === 'train' && found ? [found.classify] : []));
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect(losses).toHaveLength(24);
    expect(sum(losses.slice(-4))).toBeLessThan(sum(losses.slice(0, 4)));

    const { methods: found, protocol, warnings } = await read(name, 'metrics.json');
    expect(Object.keys(found)).toEqual(['spnet', 'spnet-c']);
    expect(found['spnet-c'].predictedUnseen).toBeGreaterThanOrEqual(found.spnet.predictedUnseen);
    expect(found['spnet-c'].vanilla).toEqual(found.spnet.vanilla);
    expect(found.spnet.vanilla.PA).toBeGreaterThan(0);
    expect(warnings).toEqual([]);
    const { gamma, pseudoUnseen, images, tried } = await read(name, 'calibration.json');
    expect(protocol.calibration).toContain(`γ = ${gamma}`);
    expect(pseudoUnseen).toEqual(['red dotted', 'green striped', 'blue plain']);
    expect([images.heldOut, images.kept, tried.length]).toEqual([2, 6, 20]);
  });

  test('is evaluated, predicts and is exported with the weights of the run', async () => {
    if (name === 'train') await rm(weights);
    const run = await openTrainedRun(join(dir, name), { methods });
    const { methods: found } = await evaluateRun(run, { out: join(dir, `${name}.json`) });
    expect(JSON.parse(JSON.stringify(found))).toEqual((await read(name, 'metrics.json')).methods);
    await expectSameProgram(await run.model({ name: 'spnet' }));
    expect(exportRun(run, { model: await run.model(), name: 'spnet-c' }).bytes.length).toBeGreaterThan(1000);
    const views = await evaluateRun(run, { flip: true, out: join(dir, `${name}-flip.json`) });
    expect(views.methods['spnet-c'].predictedUnseen).toBeGreaterThanOrEqual(views.methods.spnet.predictedUnseen!);
    run.close();
  });

  test('ends with the same numbers when it is killed and resumed', async () => {
    if (name === 'train') await copyFile(join(EXPERIMENTS, 'pretrain/toy-backbone.safetensors'), weights);
    const out = join(dir, `${name}-again`);
    for (const progress of [dyingAt('train', 12), dyingAt('calibrate', 8)])
      await expect(runExperiment(await experiment(), { out, resume: true, progress })).rejects.toThrow('killed');
    await runExperiment(await experiment(), { out, resume: true });
    for (const file of ['checkpoints/train.safetensors', 'calibration.json', 'metrics.json'])
      expect(await readFile(join(out, file), 'utf8')).toBe(await readFile(join(dir, name, file), 'utf8'));
  });
});

test('the program of the calibrated model decides on its grid as the model does', async () => {
  const out = join(dir, 'given');
  await runExperiment(await load(['calibration.gamma=0.2', `backbone.weights=${START}`]), { out });
  const run = await openTrainedRun(out, { methods });
  const model = await run.model({ name: 'spnet-c' });
  const program = model.program();
  const [, height, width] = program.inputs.image.shape;
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (37 * i) % 251);
  const channels = model.classes.length;
  const decided = labelsFromScores({ ...(await model.logits({ height, width, data })), channels }, model.grid);
  const executable = createCompiledEngine().compile(program, { frozen: true });
  const logits = await executable.run({ image: Float32Array.from(data) }).read('logits');
  const grid = { height: model.grid[0], width: model.grid[1], channels, data: logits };
  expect(labelsFromScores(grid, model.grid)).toEqual(decided);
  run.close();
});

test('with a given γ nothing is searched, and γ = 0 is the plain method', async () => {
  const out = join(dir, 'zero');
  const experiment = await load(['calibration.gamma=0', `backbone.weights=${START}`]);
  expect(experiment.method.pipeline(experiment.config).map(({ name }) => name)).toEqual([
    'check',
    'features',
    'features-val',
    'train',
    'evaluate',
  ]);
  await runExperiment(experiment, { out });
  const { methods: found, protocol } = await read('zero', 'metrics.json');
  // Calibrated probabilities have no seen-unseen curve.
  expect(found['spnet-c']).toEqual({ ...found.spnet, curve: null });
  expect(found.spnet.curve.points.length).toBeGreaterThan(1);
  expect(protocol.calibration).toBe('γ = 0, given');
});

test('the control changes the unseen vectors alone, and says so', async () => {
  const set = ['calibration.gamma=0', `backbone.weights=${START}`, 'embeddings.control=rotate-unseen'];
  await runExperiment(await load(set), { out: join(dir, 'control') });
  const { methods: found, warnings, protocol } = await read('control', 'metrics.json');
  const { methods: plain } = await read('zero', 'metrics.json');
  expect(warnings.join()).toContain('CONTROL');
  expect(protocol.embeddings).toContain('CONTROL');
  expect(found.spnet.vanilla).not.toEqual(plain.spnet.vanilla);
  const run = await openTrainedRun(join(dir, 'control'), { methods });
  await evaluateRun(run, { out: join(dir, 'control.json') });
  expect((await read('control.json')).warnings).toEqual(warnings);
  run.close();
});

const START = join(EXPERIMENTS, 'pretrain/toy-backbone.safetensors');

test.each([
  [['spnet.projection=null'], 'null only with backbone.aspp'],
  [['calibration.gamma=1.5'], 'calibration.gamma'],
  [['calibration.gamma=best'], 'calibration.gamma'],
  [['embeddings.control=shuffle'], 'rotate-unseen'],
  [['calibration.search.images.every=1'], 'calibration.search.images'],
])('settings that make no sense are told with their place: %s', async (set, message) => {
  const error = await load(set).catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain(message);
});

test.each([
  [['calibration.search.pseudoUnseen=[rde dotted]'], "did you mean 'red dotted'"],
  [['calibration.search.images.every=20'], 'held-out images without a labelled pixel'],
  [['backbone.aspp=5', 'spnet.projection=null'], 'class vectors of dimension 32'],
])('what only the data can tell stops the run: %s', async (set, message) => {
  const out = join(dir, `bad-${message.slice(0, 4)}`);
  await expect(runExperiment(await load([...set, `backbone.weights=${START}`]), { out })).rejects.toThrow(message);
});

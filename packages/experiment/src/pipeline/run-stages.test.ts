import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, UserError, writeJsonAtomic } from '@unseen/core';
import type { Engine } from '@unseen/tensor';
import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { baseSchema, type ExperimentConfig } from '../config/schema.ts';
import { type OpenOptions, openRunFolder } from '../folder.ts';
import { filesOf, jsonFile } from './artifacts.ts';
import { defineMethod, type Method } from './method.ts';
import { type RunOptions, runStages } from './run-stages.ts';
import { defineStage } from './stage.ts';

let dir: string;
let out: string;
let ran: string[];
/** The training step at which the process "dies", and what it does then. */
let death: { readonly step: number; readonly strike: () => void } | undefined;
beforeEach(async () => {
  dir = temporaryFolder();
  out = join(dir, 'run');
  ran = [];
  death = undefined;
});

/** Sums random numbers with a checkpoint every third step, then writes the sum as its metrics. */
const sum = defineMethod({
  name: 'sum',
  summary: 'sums random numbers',
  settings: z.strictObject({ sum: z.strictObject({ steps: z.int() }), evaluate: z.strictObject({ digits: z.int() }) }),
  task: 'none',
  pipeline: (config) => {
    const train = defineStage({
      name: 'train',
      settings: config.sum,
      makes: jsonFile<number>('sum.json'),
      async run({ seeds, resume, checkpoints, folder, log, progress, signal }) {
        ran.push(resume ? 'train again' : 'train');
        const path = join(checkpoints, 'last.json');
        const random = seeds.child('numbers').stream();
        let state = { step: 0, sum: 0, random: random.state };
        if (resume && existsSync(path)) state = (await readJson(path)) as typeof state;
        random.state = state.random;
        await log.rewind(state.step);
        while (state.step < config.sum.steps) {
          state = { step: state.step + 1, sum: state.sum + random.normal(), random: random.state };
          log({ iteration: state.step, losses: { sum: state.sum } });
          if (state.step === death?.step) death.strike();
          if (state.step % 3 === 0) await writeJsonAtomic(path, state);
          await progress.update(state.step, config.sum.steps);
          signal.throwIfAborted();
        }
        await writeJsonAtomic(folder.file('sum.json'), state.sum);
      },
    });
    const evaluate = defineStage({
      name: 'evaluate',
      settings: config.evaluate,
      needs: { train },
      makes: jsonFile<string>('metrics.json'),
      async run({ folder }, inputs) {
        ran.push('evaluate');
        await writeJsonAtomic(folder.file('metrics.json'), (await inputs.train.read()).toFixed(config.evaluate.digits));
      },
    });
    return [train, evaluate];
  },
});

function settings(changes: object = {}): ExperimentConfig {
  const config = sum.schema.parse({
    method: 'sum',
    data: { dataset: 'none' },
    sum: { steps: 10 },
    evaluate: { digits: 12 },
    ...changes,
  });
  return { ...config, name: 'sum' };
}

const engine = { name: 'cpu' } as Engine;

async function run(
  config = settings(),
  open: OpenOptions = {},
  options: Partial<RunOptions> = {},
  method: Method = sum,
) {
  const folder = await openRunFolder(out, config, open);
  try {
    await runStages(method, config, folder, { engine, ...options });
  } finally {
    folder.close();
  }
  return readJson(join(out, 'metrics.json'));
}

async function steps(): Promise<unknown[]> {
  const lines = (await readFile(join(out, 'log.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line)).map(({ iteration, losses }) => [iteration, losses]);
}

test('an interrupted run goes on from its checkpoint and ends with the same numbers and the same log', async () => {
  const expected = await run();
  const expectedSteps = await steps();
  await rm(out, { recursive: true });
  for (const step of [1, 4, 6, 8]) {
    death = {
      step,
      strike: () => {
        throw new Error('killed');
      },
    };
    await expect(run(settings(), { resume: true })).rejects.toThrow('killed');
  }
  death = undefined;
  expect(await run(settings(), { resume: true })).toBe(expected);
  expect(await steps()).toEqual(expectedSteps);
  expect(ran.slice(2)).toEqual(['train', 'train again', 'train again', 'train again', 'train again', 'evaluate']);
});

test('finished stages are skipped, and run again when what they left is gone', async () => {
  await run();
  await run(settings(), { resume: true });
  expect(ran).toEqual(['train', 'evaluate']);
  await rm(join(out, 'sum.json'));
  await run(settings(), { resume: true });
  expect(ran.slice(2)).toEqual(['train', 'evaluate']);
});

test('an existing run is refused without --resume or --force, and says what differs', async () => {
  await run();
  await expect(run()).rejects.toThrow(/already holds this run; continue it with --resume/);
  await expect(run(settings({ seed: 3 }))).rejects.toThrow(/other settings \(seed: 0 → 3\)/);
  await run(settings({ seed: 3 }), { force: true });
  expect(await readFile(join(out, 'config.yaml'), 'utf8')).toContain('seed: 3');
});

test('resuming with other settings never throws work away without --force', async () => {
  await run();
  const changed = settings({ sum: { steps: 12 } });
  await expect(run(changed, { resume: true })).rejects.toThrow(
    /sum\.steps: 10 → 12\) under what has already run: train, evaluate/,
  );
  expect(await readFile(join(out, 'config.yaml'), 'utf8')).toContain('steps: 10');
  await run(changed, { resume: true, force: true });
  expect(ran).toEqual(['train', 'evaluate', 'train', 'evaluate']);
});

test('settings of stages that have not begun may still change', async () => {
  death = {
    step: 5,
    strike: () => {
      throw new Error('killed');
    },
  };
  await expect(run()).rejects.toThrow('killed');
  death = undefined;
  const metrics = await run(settings({ evaluate: { digits: 2 } }), { resume: true });
  expect(metrics).toMatch(/^-?\d+\.\d\d$/);
  expect(ran).toEqual(['train', 'train again', 'evaluate']);
});

test('a stage can be run again by name, with its own settings changed', async () => {
  await expect(run(settings(), { resume: true }, { from: 'evaluate' })).rejects.toThrow(
    "has not finished its stage 'train'",
  );
  await run(settings(), { resume: true });
  expect(await run(settings({ evaluate: { digits: 3 } }), { resume: true }, { from: 'evaluate' })).toMatch(/\.\d{3}$/);
  await expect(run(settings({ seed: 1 }), { resume: true }, { from: 'evaluate' })).rejects.toThrow(
    'under what has already run: train',
  );
  expect(ran).toEqual(['train', 'evaluate', 'evaluate']);
});

test('the user can interrupt between steps', async () => {
  const abort = new AbortController();
  death = { step: 4, strike: () => abort.abort() };
  await expect(run(settings(), {}, { signal: abort.signal })).rejects.toThrow(/^interrupted; continue with --resume/);
  death = undefined;
  await run(settings(), { resume: true });
  expect(ran).toEqual(['train', 'train again', 'evaluate']);
});

test('a folder that holds something else is never touched, not even with --force', async () => {
  await mkdir(out);
  await writeFile(join(out, 'thesis.tex'), 'precious');
  await expect(run(settings(), { force: true })).rejects.toThrow(/holds thesis\.tex and no run/);
  expect(await readdir(out)).toEqual(['thesis.tex']);
});

test('unfinished writes of a killed process are removed', async () => {
  await run();
  const tmp = join(out, 'checkpoints', 'train', 'last.json.123-0.tmp');
  await writeFile(tmp, '{"step": 9');
  await run(settings(), { resume: true });
  expect(existsSync(tmp)).toBe(false);
});

test('two processes cannot use one folder', async () => {
  const folder = await openRunFolder(out, settings());
  await expect(run()).rejects.toThrow(/in use by process/);
  folder.close();
  await run();
});

test('a folder that cannot be made is one clear error', async () => {
  await writeFile(out, '');
  await expect(openRunFolder(join(out, 'run'), settings())).rejects.toBeInstanceOf(UserError);
  await expect(openRunFolder(join(out, 'run'), settings())).rejects.toThrow('a part of');
});

test('a stage that ends without its outputs is not taken for finished', async () => {
  const lazy = defineMethod({
    name: 'lazy',
    summary: '',
    settings: z.strictObject({}),
    task: 'none',
    pipeline: () => [
      defineStage({ name: 'nothing', settings: {}, makes: filesOf('promised.json'), run: async () => {} }),
    ],
  });
  const config = { ...settings(), method: 'lazy' };
  await expect(run(config, {}, {}, lazy)).rejects.toThrow('without writing promised.json');
  expect(await readJson(join(out, 'stages.json'))).toMatchObject({ finished: [] });
});

test('another machine or version is told on resuming', async () => {
  await run();
  const path = join(out, 'environment.json');
  await writeJsonAtomic(path, { ...((await readJson(path)) as object), cpu: 'abacus' });
  const warnings: string[] = [];
  await run(
    settings(),
    { resume: true },
    { progress: { stage() {}, update() {}, warn: (text) => warnings.push(text) } },
  );
  expect(warnings.join()).toContain('abacus');
});

test('the environment names versions, backend and seed', async () => {
  await run(settings({ seed: 4 }));
  const environment = await readJson(join(out, 'environment.json'));
  expect(environment).toMatchObject({ node: process.version, backend: 'cpu', seed: 4 });
  expect(environment).toHaveProperty(['packages', 'onnxruntime-node'], expect.stringMatching(/^\d+\.\d+\.\d+/));
  expect(baseSchema.shape.seed.parse(4)).toBe(4);
});

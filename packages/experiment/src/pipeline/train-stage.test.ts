import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { Dense } from '@unseen/nn';
import { createEagerEngine, type Device, type Engine } from '@unseen/tensor';
import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openRunFolder } from '../folder.ts';
import { defineMethod } from './method.ts';
import { runStages } from './run-stages.ts';
import type { StageContext } from './stage.ts';
import { trainStage } from './train-stage.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

/** What makes losses something to be fetched. */
const device: Device = { name: 'a device', readBacks: 0, allocatedBytes: undefined, finish: async () => {} };

/** Trains for 10 steps whose losses are given; which of them were fetched, and where the checkpoint would be. */
async function train(
  engine: Engine,
  out: string,
  loss: (iteration: number) => number,
  begin: (context: StageContext) => void = () => {},
) {
  const fetched: number[] = [];
  const method = defineMethod({
    name: 'steps',
    summary: 'steps without a meaning',
    settings: z.strictObject({}),
    task: 'none',
    pipeline: () => [
      trainStage({
        name: 'train',
        settings: {},
        schedule: { iterations: 10, logEvery: 3, checkpointEvery: 4 },
        build: async (context) => {
          begin(context);
          return {
            modules: { network: new Dense({ inputs: 1, outputs: 1, seeds: new SeedTree(0) }) },
            optimizers: {},
            noise: new SeedTree(0).stream(),
            batches: { position: null, advance: async () => {} },
            step: async (iteration) => async () => {
              fetched.push(iteration + 1);
              return { loss: loss(iteration + 1) };
            },
          };
        },
      }),
    ],
  });
  const config = method.schema.parse({ method: 'steps', data: { dataset: 'none' } });
  const folder = await openRunFolder(join(dir, out), { ...config, name: 'steps' });
  const checkpoint = folder.file('checkpoints/train/latest.safetensors');
  try {
    await runStages(method, { ...config, name: 'steps' }, folder, { engine });
    return { fetched, checkpoint };
  } catch (error) {
    return { fetched, checkpoint, error: error as Error };
  } finally {
    folder.close();
  }
}

/** Iterations and losses of the log, and the bytes of the TensorBoard events without their times. */
async function logged(out: string) {
  const lines = (await readFile(join(dir, out, 'log.jsonl'), 'utf8')).trim().split('\n');
  const events = (await readdir(join(dir, out))).filter((name) => name.startsWith('events.'));
  const sizes = await Promise.all(events.map(async (name) => (await readFile(join(dir, out, name))).length));
  return { losses: lines.map((line) => JSON.parse(line)).map(({ iteration, losses }) => [iteration, losses]), sizes };
}

test('losses on a device are fetched for the log and for checkpoints, and the records are those of the host', async () => {
  const host = await createEagerEngine('cpu');
  const loss = (iteration: number) => 1 / iteration;
  expect((await train(host, 'host', loss)).fetched).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const away = Object.assign(await createEagerEngine('cpu'), { device });
  expect((await train(away, 'device', loss)).fetched).toEqual([3, 4, 6, 8, 9, 10]);
  const records = await logged('device');
  expect(records).toEqual(await logged('host'));
  expect(records.losses.map(([iteration]) => iteration)).toEqual([3, 6, 9, 10]);
});

test('a loss on a device that is not finite is noticed before a checkpoint is written', async () => {
  const engine = Object.assign(await createEagerEngine('cpu'), { device });
  const { fetched, checkpoint, error } = await train(engine, 'run', (iteration) => (iteration < 4 ? 1 : Number.NaN));
  expect(error?.message).toMatch(/the loss 'loss' is NaN at iteration 3; .*no checkpoint was written before/);
  expect(fetched).toEqual([3, 4]);
  expect(existsSync(checkpoint)).toBe(false);
});

test('what building has opened is closed, also where it fails', async () => {
  const closed: string[] = [];
  const begin = (name: string, error?: Error) => (context: StageContext) => {
    context.atEnd!(async () => void closed.push(name));
    if (error) throw error;
  };
  const engine = await createEagerEngine('cpu');
  expect((await train(engine, 'failed', () => 1, begin('failed', new Error('no networks')))).error?.message).toBe(
    'no networks',
  );
  expect((await train(engine, 'done', () => 1, begin('done'))).fetched).toHaveLength(10);
  expect(closed).toEqual(['failed', 'done']);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSet, Sample } from '@unseen/core';
import type { Engine } from '@unseen/tensor';
import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { classProtocol } from '../classes.ts';
import { openRunFolder } from '../folder.ts';
import { evaluateObjectsStage } from './evaluate-objects-stage.ts';
import { defineMethod, type InstancePredictor } from './method.ts';
import { runStages } from './run-stages.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

/** An object in the first `pixels` pixels of a row of eight. */
const object = (classId: number, pixels: number, score = 1): InstanceSet['items'][number] => ({
  classId,
  score,
  mask: [0, pixels, 8 - pixels],
  box: [0, 0, pixels, 1],
});
const setOf = (id: string, ...items: InstanceSet['items'][number][]): InstanceSet => ({
  id,
  height: 1,
  width: 8,
  items,
});
const TRUTH = [setOf('a', object(1, 4)), setOf('b', object(2, 8))];
const FOUND = [setOf('a', object(1, 3, 0.9)), setOf('b', object(1, 8, 0.8), object(2, 2, 0.7))];

const samples = TRUTH.map(
  (truth, i): Sample => ({
    id: truth.id,
    image: async () => ({ height: 1, width: 8, data: new Uint8Array(24).fill(i) }),
    instances: async () => truth,
  }),
);
const classes = [1, 2].map((id) => ({ id, name: `class ${id}`, color: [0, 0, id] as const }));
const predictor: InstancePredictor = {
  output: 'instances',
  classes: [1, 2],
  detect: async ({ data }) => FOUND[data[0]],
  dispose() {},
};

const method = (val: readonly Sample[]) =>
  defineMethod({
    name: 'objects',
    summary: 'finds objects',
    task: 'instances',
    settings: z.strictObject({}),
    pipeline: (config) => [
      evaluateObjectsStage({
        task: 'instances',
        config,
        settings: {},
        needs: {},
        open: async () => ({
          ...classProtocol({ seen: [1, 2], unseen: [] }, classes),
          dataset: { name: 'row', classes, ignore: [], splits: {}, train: [], val },
        }),
        predictors: { objects: async () => predictor },
        protocol: () => ({ dataset: 'row' }),
      }),
    ],
  });

async function run(val: readonly Sample[]) {
  const objects = method(val);
  const config = { ...objects.schema.parse({ method: 'objects', data: { dataset: 'row' } }), name: 'objects' };
  const folder = await openRunFolder(join(dir, 'run'), config, { resume: true });
  try {
    await runStages(objects, config, folder, { engine: { name: 'cpu' } as Engine });
  } finally {
    folder.close();
  }
  return JSON.parse(await readFile(folder.file('metrics.json'), 'utf8'));
}

test('average precision, best overlap and CorLoc of every predictor, by class and as means', async () => {
  const { task, methods, protocol } = await run(samples);
  expect(task).toBe('instances');
  expect(protocol).toEqual({ dataset: 'row' });
  // Class 1: found with an overlap of 3/4, then a false one; class 2: found with 1/4.
  expect(methods.objects.AP).toEqual({ 25: 1, 50: 0.5, 70: 0.5, 75: 0.5 });
  expect(methods.objects).toMatchObject({ ABO: 0.5, CorLoc: 0.5 });
  expect(methods.objects.perClass).toMatchObject([
    { id: 1, name: 'class 1', AP: { 25: 1, 75: 1 }, ABO: 0.75, CorLoc: 1 },
    { id: 2, name: 'class 2', AP: { 25: 1, 50: 0 }, ABO: 0.25, CorLoc: 0 },
  ]);
});

test('images without objects to compare with are one clear error', async () => {
  const { instances: _, ...bare } = samples[0];
  await expect(run([bare])).rejects.toThrow("validation image 'a' has no objects to compare with");
});

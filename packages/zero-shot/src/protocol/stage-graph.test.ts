import { join } from 'node:path';
import { hashJson } from '@unseen/core';
import { loadExperiment, type Stage } from '@unseen/experiment';
import { expect, test } from 'vitest';
import { cagnet, spnet, zs3net } from '../index.ts';

const EXPERIMENTS = join(import.meta.dirname, '../../../../experiments');
const methods = { spnet, zs3net, cagnet };
const names = Object.keys(methods) as (keyof typeof methods)[];

async function stagesOf(name: keyof typeof methods, set: readonly string[] = []): Promise<readonly Stage[]> {
  const { config, method } = await loadExperiment(join(EXPERIMENTS, name, 'toy-instant.yaml'), { methods, set });
  return method.pipeline(config);
}

/** The stages whose own settings differ, and those that need them. */
async function changedBy(name: keyof typeof methods, setting: string): Promise<string[]> {
  const before = new Map((await stagesOf(name)).map((stage) => [stage.name, hashJson(stage.settings)]));
  const changed = new Set<Stage>();
  const differs = (stage: Stage): boolean =>
    before.get(stage.name) !== hashJson(stage.settings) || Object.values(stage.needs).some(differs);
  for (const stage of await stagesOf(name, [setting])) if (differs(stage)) changed.add(stage);
  return [...changed].map((stage) => stage.name);
}

test.each(names)('%s: other images to measure on leave the training alone', async (name) => {
  const trainings = (await stagesOf(name))
    .map((stage) => stage.name)
    .filter((stage) => /^(train|extend|selfTrain|finetune)/.test(stage));
  expect(trainings).toContain('train');
  const changed = await changedBy(name, 'data.val.limit=2');
  expect(changed).toContain('evaluate');
  expect(changed.filter((stage) => stage.startsWith('features-') && stage !== 'features-val')).toEqual([]);
  expect(changed.filter((stage) => trainings.includes(stage))).toEqual([]);
});

test.each(names)('%s: other images to learn from change the training and what it is measured by', async (name) => {
  expect(await changedBy(name, 'data.train.limit=3')).toEqual(expect.arrayContaining(['train', 'evaluate']));
});

test.each(names)('%s: pictures of the report change no stage that learns', async (name) => {
  const changed = await changedBy(name, 'report.panels=3');
  expect(changed.filter((stage) => stage === 'train' || stage.startsWith('features-'))).toEqual([]);
});

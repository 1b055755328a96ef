import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unseen } from '../helpers/command.ts';
import { writeSmallExperiment } from '../helpers/small-experiment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const dryRun = async (dir: string, experiment: string, ...set: string[]) => {
  const { code, lastLine } = await unseen(['run', experiment, '--dry-run', '--json', ...set], dir);
  expect(code).toBe(0);
  expect(existsSync(join(dir, 'runs'))).toBe(false);
  return JSON.parse(lastLine);
};

test('a dry run tells shapes, costs and the support of unseen classes, and writes nothing', async () => {
  const dir = temporaryFolder();
  await writeSmallExperiment(dir);
  const found = await dryRun(dir, 'small.exp.yaml');
  expect(found.classes).toEqual({ seen: 2, unseen: 1 });
  expect(found.maps).toEqual([[4, 4, 32]]);
  expect(found.data).toMatchObject({ train: 4, val: 2 });
  const unseenClass = found.data.report.support.find(({ group }: { group: string }) => group === 'unseen');
  expect(unseenClass).toMatchObject({ name: 'lynx' });
  expect(unseenClass.val.pixels).toBeGreaterThan(0);
  // 6 images of 4×4 positions and 32 channels in single precision.
  expect(found.features.bytes).toBe(6 * 4 * 4 * 32 * 4);
  expect(found.stages.map(({ stage }: { stage: string }) => stage)).toEqual(['train', 'finetune']);
  const [train] = found.stages;
  const twice = (await dryRun(dir, 'small.exp.yaml', '--set', 'train.batch=4')).stages[0];
  expect(twice.activations / train.activations).toBeCloseTo(2, 1);
  expect(twice.flops / train.flops).toBeCloseTo(2, 1);
});

test('files that are not there are told one by one, and the rest all the same', async () => {
  const dir = temporaryFolder();
  await writeSmallExperiment(dir);
  await Promise.all(['val.txt', 'vectors.vec'].map((name) => rm(join(dir, name))));
  const found = await dryRun(dir, 'small.exp.yaml', '--set', 'backbone.weights=./none.safetensors');
  expect(found.data).toContain('val.txt does not exist');
  expect(found.vectors).toContain('vectors.vec does not exist');
  expect(found.backbone.weights).toContain('none.safetensors is not there');
  expect(found.stages).toHaveLength(2);
});

test('classifiers of patches are told too', async () => {
  const dir = temporaryFolder();
  const { maps, stages } = await dryRun(
    dir,
    'cagnet/toy-patch-instant',
    '--set',
    'data={train: {limit: 4}, val: {limit: 2}, allowMissing: true}',
  );
  expect(maps).toHaveLength(1);
  expect(stages[0]).toMatchObject({ stage: 'train' });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSegmentationNetwork, segmentationNetworks } from '@unseen/backbone';
import { createCompiledEngine } from '@unseen/onnx';
import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openAllClasses, openExperimentDataset } from '../classes.ts';
import { openRunFolder } from '../folder.ts';
import { optimizerSettings } from '../optimizers.ts';
import type { Progress } from '../progress.ts';
import { labelMapsOf } from './image-artifacts.ts';
import { imageStage } from './image-stage.ts';
import { defineMethod } from './method.ts';
import { runStages } from './run-stages.ts';
import { segmenterStage } from './segmenter-stage.ts';

const NETWORK = Object.keys(segmentationNetworks).find((name) => name.includes('micro'))!;

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

/** Label maps image by image, here the masks themselves, and a segmenter trained on them. */
const segment = defineMethod({
  name: 'segment',
  summary: 'trains a segmenter on label maps',
  task: 'semantic',
  settings: z.strictObject({}),
  pipeline({ data }) {
    const labels = imageStage({
      name: 'labels',
      settings: data,
      makes: labelMapsOf('labels'),
      images: async () => (await openExperimentDataset({ data })).train,
      open: async () => ({ map: (sample) => sample.mask!() }),
    });
    const ids = Array.from({ length: 20 }, (_, i) => i + 1);
    const segmenter = segmenterStage({
      name: 'segmenter',
      settings: data,
      needs: { labels },
      schedule: { iterations: 12, logEvery: 1, checkpointEvery: 4 },
      batch: 2,
      size: [16, 16],
      flip: true,
      normalization: segmentationNetworks[NETWORK].input,
      optimizer: optimizerSettings.parse({ rule: 'adamw', rate: 5e-3, weightDecay: 1e-4 }),
      headMultiplier: 2,
      classes: ids,
      network: async ({ seeds }) =>
        createSegmentationNetwork(NETWORK, { classes: ids.length, seeds: seeds.child('network') }),
      images: async () => (await openExperimentDataset({ data })).train,
    });
    return [labels, segmenter];
  },
});

const config = {
  ...segment.schema.parse({ method: 'segment', data: { dataset: 'toy-attributes', train: { limit: 6 } } }),
  name: 'segment',
};

async function run(out: string, dieAt?: number): Promise<string> {
  const folder = await openRunFolder(join(dir, out), config, { resume: true });
  const engine = createCompiledEngine();
  const progress: Progress = {
    stage() {},
    update(done, total) {
      if (total === 12 && done === dieAt) throw new Error('killed');
    },
    warn() {},
  };
  try {
    await runStages(segment, config, folder, { engine, progress });
  } finally {
    folder.close();
    engine.dispose();
  }
  return folder.path;
}

test('learns from the label maps of another stage, and a killed training ends with the same weights', async () => {
  const whole = await run('whole');
  const lines = (await readFile(join(whole, 'log.jsonl'), 'utf8')).trim().split('\n');
  const losses = lines.map((line) => JSON.parse(line)).flatMap(({ losses: found }) => (found ? [found.segment] : []));
  expect(losses).toHaveLength(12);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  expect(sum(losses.slice(-3))).toBeLessThan(sum(losses.slice(0, 3)));
  await expect(run('cut', 6)).rejects.toThrow('killed');
  const cut = await run('cut');
  const weights = 'checkpoints/segmenter.safetensors';
  expect((await readFile(join(cut, weights))).equals(await readFile(join(whole, weights)))).toBe(true);
}, 60_000);

test('the toy dataset has the classes that this test counts on', async () => {
  const { labels } = await openAllClasses(config);
  expect(labels.order).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSet, LabelMap, ScoreMaps } from '@unseen/core';
import type { Engine } from '@unseen/tensor';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openExperimentDataset } from '../classes.ts';
import type { ExperimentConfig } from '../config/schema.ts';
import { type OpenOptions, openRunFolder } from '../folder.ts';
import { jsonFile } from './artifacts.ts';
import { fileNameOf, imageJsonOf, instanceSetsOf, labelMapsOf, scoreMapsOf } from './image-artifacts.ts';
import { imageStage } from './image-stage.ts';
import { defineMethod } from './method.ts';
import { runStages } from './run-stages.ts';
import { partOf, type Shard } from './shard.ts';
import { defineStage } from './stage.ts';

let dir: string;
/** Images that were counted, in the order in which that happened. */
let counted: string[];
let dieAt: number | undefined;
beforeEach(async () => {
  dir = temporaryFolder();
  counted = [];
  dieAt = undefined;
});

/** Counts labelled pixels by class, image by image, then over all images: no backbone, no class vectors. */
const countPixels = defineMethod({
  name: 'count-pixels',
  summary: 'counts the pixels of each class',
  task: 'none',
  settings: z.strictObject({ top: z.int().positive().default(3) }),
  pipeline({ data, top }) {
    const counts = imageStage({
      name: 'counts',
      settings: { dataset: data.dataset, val: data.val },
      makes: imageJsonOf<Record<string, number>>('counts'),
      images: async () => (await openExperimentDataset({ data })).val,
      open: async () => ({
        map: async ({ id, mask }) => {
          if (counted.length === dieAt) throw new Error('killed');
          counted.push(id);
          const found: Record<string, number> = {};
          for (const value of (await mask!()).data) found[value] = (found[value] ?? 0) + 1;
          return found;
        },
      }),
    });
    const total = defineStage({
      name: 'total',
      settings: { top },
      needs: { counts },
      makes: jsonFile<readonly (readonly [string, number])[]>('total.json'),
      run: async ({ folder }, inputs) => {
        const sums = new Map<string, number>();
        for (const id of await inputs.counts.ids()) {
          for (const [value, n] of Object.entries(await inputs.counts.read(id)))
            sums.set(value, (sums.get(value) ?? 0) + n);
        }
        const largest = [...sums].sort(([, a], [, b]) => b - a).slice(0, top);
        await jsonFile('total.json').open(folder).write(largest);
      },
    });
    return [counts, total];
  },
});

const settings = (changes: object = {}): ExperimentConfig => ({
  ...countPixels.schema.parse({
    method: 'count-pixels',
    data: { dataset: 'toy-attributes', val: { limit: 7 } },
    ...changes,
  }),
  name: 'count',
});

interface Choice extends OpenOptions {
  readonly shard?: Shard;
  readonly from?: string;
}

/** Runs in a folder; the names of the stages that were not skipped. */
async function run(out: string, config = settings(), { shard, from, ...open }: Choice = {}): Promise<string[]> {
  const folder = await openRunFolder(join(dir, out), config, { ...open, shard });
  const started: string[] = [];
  const progress = {
    stage: (name: string, event: string) => {
      if (event === 'start') started.push(name);
    },
    update() {},
    warn() {},
  };
  try {
    await runStages(countPixels, config, folder, {
      engine: { name: 'cpu' } as Engine,
      progress,
      ...(shard && { shard }),
      ...(from !== undefined && { from }),
    });
  } finally {
    folder.close();
  }
  return started;
}

/** Path and bytes of everything that the images have become. */
async function bytesOf(out: string) {
  const files = (await readdir(join(dir, out, 'artifacts'), { recursive: true })).filter((name) =>
    /\.json$/.test(name),
  );
  const read = files.sort().map(async (name) => [name, await readFile(join(dir, out, 'artifacts', name), 'utf8')]);
  return [...(await Promise.all(read)), await readFile(join(dir, out, 'total.json'), 'utf8')];
}

test('a stage that was killed in the middle continues at the image where it was, and ends with the same bytes', async () => {
  await run('whole');
  const all = counted.splice(0);
  expect(all).toHaveLength(7);
  for (dieAt of [2, 5]) await expect(run('cut', settings(), { resume: true })).rejects.toThrow('killed');
  expect(counted).toEqual(all.slice(0, 5));
  dieAt = undefined;
  expect(await run('cut', settings(), { resume: true })).toEqual(['counts', 'total']);
  expect(counted).toEqual(all);
  expect(await bytesOf('cut')).toEqual(await bytesOf('whole'));
  expect(await run('cut', settings(), { resume: true })).toEqual([]);
});

test('settings run again what depends on them, and nothing else', async () => {
  await run('one');
  counted = [];
  const again = { resume: true, force: true };
  expect(await run('one', settings({ top: 1 }), again)).toEqual(['total']);
  const fewer = settings({ top: 1, data: { dataset: 'toy-attributes', val: { limit: 2 } } });
  await expect(run('one', fewer, { resume: true })).rejects.toThrow(/settings have changed .*: counts, total/);
  expect(await run('one', fewer, again)).toEqual(['counts', 'total']);
  expect(counted).toHaveLength(2);
  // Nothing is left of images that are not asked for any more.
  expect((await readdir(join(dir, 'one/artifacts/counts'))).filter((name) => name.startsWith('val'))).toHaveLength(2);
  expect(await run('one', fewer, { resume: true, from: 'total' })).toEqual(['total']);
});

test('processes that share the images leave what one process does', async () => {
  await run('whole');
  counted = [];
  const shards = [2, 3, 1].map((index) => ({ index, count: 3 }));
  for (const shard of shards) expect(await run('shared', settings(), { shard })).toEqual(['counts']);
  expect(counted).toHaveLength(7);
  expect(existsSync(join(dir, 'shared/total.json'))).toBe(false);
  expect(await run('shared', settings(), { resume: true })).toEqual(['counts', 'total']);
  expect(counted).toHaveLength(7);
  expect(await bytesOf('shared')).toEqual(await bytesOf('whole'));
  await expect(run('shared', settings(), { shard: shards[0] })).rejects.toThrow('has finished all its stages');
  await expect(run('shared', settings({ top: 1 }), { shard: shards[0] })).rejects.toThrow('with other settings');
});

test('a stage that does not work image by image cannot be shared, and a shard needs an image', async () => {
  await run('one');
  await rm(join(dir, 'one/total.json'));
  const shard = { index: 1, count: 2 };
  await expect(run('one', settings(), { shard })).rejects.toThrow(/next stage of .* is 'total', which does not work/);
  await expect(run('many', settings(), { shard: { index: 1, count: 8 } })).rejects.toThrow('8 shards of 7 images');
});

test('the parts of all shards are all images, in their order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (length, count) => {
      fc.pre(count <= length);
      const images = Array.from({ length }, (_, i) => i);
      const parts = Array.from({ length: count }, (_, i) => partOf(images, { index: i + 1, count }));
      expect(parts.flat()).toEqual(images);
      expect(Math.max(...parts.map((p) => p.length)) - Math.min(...parts.map((p) => p.length))).toBeLessThan(2);
    }),
  );
});

test('ids of any kind become file names that differ even where capitals do not count', () => {
  const names = ['a/b', '../x', 'CON', 'a b', 'ü', 'a.b', 'a%2Fb', '.hidden'].map(fileNameOf);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[\w%-]+$/);
  expect(() => fileNameOf('x'.repeat(300))).toThrow('a shorter id');
});

describe('values come back as they were written', () => {
  const place = { file: (...parts: string[]) => join(dir, ...parts) };

  test('score maps', async () => {
    const maps = scoreMapsOf('cam');
    const value: ScoreMaps = {
      id: 'one/1',
      size: [4, 6],
      classes: [3, 300],
      grid: 'stride4',
      data: Float32Array.of(0.1, -2, 3e-7, 1),
    };
    await maps.write(maps.path(place, value.id), value);
    expect(await maps.open(place).read(value.id)).toEqual(value);
    await expect(maps.open(place).read('two')).rejects.toThrow("has nothing of the image 'two'");
  });

  test.each([Uint8Array.of(0, 7, 255, 1), Uint16Array.of(0, 459, 65535, 1)])('label maps: %o', async (data) => {
    const maps = labelMapsOf('labels');
    const value: LabelMap = { id: 'one', height: 2, width: 2, data };
    await maps.write(maps.path(place, value.id), value);
    expect(await maps.open(place).read(value.id)).toEqual(value);
  });

  test('sets of objects', async () => {
    const sets = instanceSetsOf('objects');
    const item = { classId: 2, score: 0.75, mask: [1, 2, 1], box: [0, 0, 1, 2] } as const;
    const value: InstanceSet = { id: 'one', height: 2, width: 2, items: [item] };
    await sets.write(sets.path(place, value.id), value);
    expect(await sets.open(place).read(value.id)).toEqual(value);
  });
});

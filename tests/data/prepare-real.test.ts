import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, LabelMap } from '@unseen/core';
import { openDataset, prepareDataset, readRawMask } from '@unseen/data';
import { encodeIndexedPng, writeNpy } from '@unseen/formats';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  devkitFiles,
  type Files,
  listOf,
  type Scene,
  writeTar,
  writeZip,
  zipOf,
} from '../../packages/data/src/prepare/official-archives.suite.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// Real photos and masks, packed as the official archives are. MATLAB files are written by SciPy and h5py.
const data = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared'), 'data');
const absent = !existsSync(join(data, 'voc12')) || !existsSync(join(data, 'coco_panoptic'));
if (absent) console.warn(`skipped: ${data} has no real datasets`);
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import scipy.io, h5py']).status === 0,
);
if (python === undefined) console.warn('skipped: no python3 with scipy and h5py to write MATLAB files');

let folder: string;
let from: string;
beforeEach(async () => {
  folder = temporaryFolder();
  from = join(folder, 'archives');
  process.env.UNSEEN_DATASETS = join(folder, 'datasets');
  process.env.UNSEEN_DATA = join(folder, 'data');
  await mkdir(from);
  onTestFinished(async () => {
    delete process.env.UNSEEN_DATASETS;
    delete process.env.UNSEEN_DATA;
  });
});

/** A registered dataset whose archives are smaller than the official ones. */
async function register(name: string, change = (text: string) => text): Promise<void> {
  const source = join(import.meta.dirname, '../../datasets', `${name}.yaml`);
  const text = (await readFile(source, 'utf8')).replace(/^\s+(bytes|md5|sha256): .*\n/gm, '');
  await mkdir(join(folder, 'datasets'), { recursive: true });
  await writeFile(join(folder, 'datasets', `${name}.yaml`), change(text));
}

async function scene(id: string, image: string, mask: string): Promise<Scene> {
  return { id, jpeg: await readFile(image), mask: await readRawMask(mask, id) };
}

async function vocScenes(list: string, count: number): Promise<Scene[]> {
  const root = join(data, 'voc12');
  const ids = (await readFile(join(root, 'ImageSets/Segmentation', list), 'utf8')).trim().split('\n').slice(0, count);
  return Promise.all(
    ids.map((id) => scene(id, join(root, 'JPEGImages', `${id}.jpg`), join(root, 'SegmentationClass', `${id}.png`))),
  );
}

interface MatJob {
  readonly id: string;
  readonly mask: LabelMap;
  readonly variable: string;
  readonly form: 'plain' | 'compressed' | '7.3';
}

/** The bytes of MATLAB files, by id. */
async function matFiles(jobs: readonly MatJob[]): Promise<Map<string, Uint8Array>> {
  const orders = [];
  for (const { id, mask, ...order } of jobs) {
    const npy = join(folder, `${id}.npy`);
    await writeNpy(npy, { shape: [mask.height, mask.width], values: mask.data });
    orders.push({ ...order, npy, out: join(folder, `${id}.mat`) });
  }
  await writeFile(join(folder, 'jobs.json'), JSON.stringify(orders));
  const { status, stderr } = spawnSync(python!, [join(import.meta.dirname, 'write_mat.py'), join(folder, 'jobs.json')]);
  expect(String(stderr)).toBe('');
  expect(status).toBe(0);
  return new Map(
    await Promise.all(jobs.map(async ({ id }) => [id, await readFile(join(folder, `${id}.mat`))] as const)),
  );
}

const FORMS = ['plain', 'compressed', '7.3'] as const;

/** Every sample has the values of a mask, unlabelled where these are not those of a class. */
async function expectMasks(samples: Dataset['train'], masks: ReadonlyMap<string, LabelMap>): Promise<void> {
  expect(samples.map(({ id }) => id)).toEqual([...masks.keys()]);
  for (const sample of samples) {
    const { height, width, data } = await sample.mask!();
    const wanted = masks.get(sample.id)!;
    expect([height, width]).toEqual([wanted.height, wanted.width]);
    expect(data.findIndex((value, i) => value !== wanted.data[i])).toBe(-1);
  }
}

const masksOf = (scenes: readonly Scene[]) => new Map(scenes.map(({ id, mask }) => [id, mask]));

/** A mask with other values. */
function changed(mask: LabelMap, value: (stored: number) => number): LabelMap {
  const data = Uint16Array.from(mask.data, value);
  return { ...mask, data: data.some((stored) => stored > 255) ? data : Uint8Array.from(data) };
}

describe.skipIf(absent || python === undefined)('with MATLAB files', () => {
  test('VOC with SBD', async () => {
    await register('voc12');
    await register('pascal');
    const [own, val] = [await vocScenes('train.txt', 6), await vocScenes('val.txt', 2)];
    const sbd = own.splice(2);
    const mats = await matFiles(
      sbd.map(({ id, mask }, i) => ({ id, mask, variable: 'GTcls.Segmentation', form: FORMS[i % 3] })),
    );
    const ids = (scenes: readonly Scene[]) => scenes.map(({ id }) => id);
    const lists = { 'Segmentation/train': ids(own), 'Segmentation/val': ids(val) };
    await writeTar(
      join(from, 'VOCtrainval_11-May-2012.tar'),
      devkitFiles('VOCdevkit/VOC2012', [...own, ...sbd, ...val], { lists, masks: ids([...own, ...val]) }),
    );
    const inside = 'benchmark_RELEASE/dataset';
    await writeTar(join(from, 'benchmark.tgz'), {
      ...Object.fromEntries([...mats].map(([id, bytes]) => [`${inside}/cls/${id}.mat`, bytes])),
      [`${inside}/train.txt`]: listOf(ids(sbd.slice(0, 3))),
      [`${inside}/val.txt`]: listOf(ids(sbd.slice(3))),
    });
    const prepared = await prepareDataset('voc12', { from });
    const dataset = await openDataset('voc12');
    await expectMasks(dataset.train, masksOf([...own, ...sbd]));
    await expectMasks(dataset.val, masksOf(val));
    expect(prepared.lists).toContainEqual({ name: 'train_aug', images: 6, expected: 10_582 });
    // The same files are ZS3Net's.
    expect((await prepareDataset('pascal', { from })).reused).toBe(8);
    await expectMasks((await openDataset('pascal')).train, masksOf([...own, ...sbd]));
  });

  test('Pascal-Context with 33 and with 60 classes', async () => {
    await register('context');
    await register('context60');
    const [train, val] = [await vocScenes('train.txt', 3), await vocScenes('val.txt', 2)];
    // The 20 classes of VOC have labels of those names in the annotation, and the rest of an image has others.
    const names = (await readFile(join(data, 'voc12/classes.txt'), 'utf8')).trim().split('\n');
    const context60 = await openYamlNames('context60');
    const others = [...(await openYamlNames('context')), ...context60].filter(
      (name) => !names.includes(name) && !['diningtable', 'tv', 'potted_plant', 'background'].includes(name),
    );
    const known = [...new Set([...names.slice(1).map((name) => (name === 'diningtable' ? 'table' : name)), ...others])];
    const labels = Array.from({ length: 459 }, (_, i) => known[i - 100] ?? `label ${i + 1}`);
    const stored = (value: number) => (value >= 1 && value <= 20 ? 100 + value : 7);
    const mats = await matFiles(
      [...train, ...val].map(({ id, mask }, i) => ({
        ...{ id, variable: 'LabelMap', form: FORMS[i % 3] },
        mask: changed(mask, stored),
      })),
    );
    const ids = (scenes: readonly Scene[]) => scenes.map(({ id }) => id);
    await writeTar(
      join(from, 'VOCtrainval_03-May-2010.tar'),
      devkitFiles('VOCdevkit/VOC2010', [...train, ...val], {
        lists: { 'Main/train': ids(train), 'Main/val': ids(val) },
        masks: [],
      }),
    );
    await writeTar(join(from, 'trainval.tar.gz'), {
      ...Object.fromEntries([...mats].map(([id, bytes]) => [`trainval/${id}.mat`, bytes])),
      'labels.txt': labels.map((name, i) => `${i + 1}: ${name}\n`).join(''),
    });
    for (const [name, none] of [
      ['context', 255],
      ['context60', 0],
    ] as const) {
      await prepareDataset(name, { from });
      const dataset = await openDataset(name);
      const wanted = (scenes: readonly Scene[]) =>
        new Map(
          scenes.map(({ id, mask }) => [id, changed(mask, (value) => (value >= 1 && value <= 20 ? value : none))]),
        );
      await expectMasks(dataset.train, wanted(train));
      await expectMasks(dataset.val, wanted(val));
    }
  });
});

async function openYamlNames(name: string): Promise<string[]> {
  const { describeDataset } = await import('@unseen/data');
  return (await describeDataset(name)).classes.map(({ name }) => name);
}

describe.skipIf(absent)('COCO', () => {
  const root = join(data, 'coco_panoptic');

  async function cocoScenes(subset: 'train' | 'val', count: number): Promise<Scene[]> {
    const list = await readFile(join(root, 'ImageSets/Segmentation', `${subset}.txt`), 'utf8');
    const ids = list.trim().split('\n').slice(0, count);
    return Promise.all(
      ids.map((id) => scene(id, join(root, 'JPEGImages', `${id}.jpg`), join(root, 'semantic133', `${id}.png`))),
    );
  }

  async function photos(train: readonly Scene[], val: readonly Scene[]): Promise<void> {
    for (const [year, scenes] of [
      ['train2017', train],
      ['val2017', val],
    ] as const) {
      await writeZip(
        join(from, `${year}.zip`),
        Object.fromEntries(scenes.map(({ id, jpeg }) => [`${year}/${id}.jpg`, jpeg])),
      );
    }
  }

  test('panoptic annotation, as category ids', async () => {
    await register('coco200');
    const [train, val] = [await cocoScenes('train', 2), await cocoScenes('val', 1)];
    await photos(train, val);
    await mkdir(join(folder, 'datasets/coco200'));
    const files: Files = {};
    for (const [subset, scenes] of [
      ['train', train],
      ['val', val],
    ] as const) {
      await writeFile(join(folder, 'datasets/coco200', `${subset}.txt`), listOf(scenes.map(({ id }) => id)));
      const name = `panoptic_${subset}2017`;
      const pngs: Files = {};
      for (const { id } of scenes) pngs[`${name}/${id}.png`] = await readFile(join(root, 'panoptic', `${id}.png`));
      files[`annotations/${name}.json`] = await readFile(join(root, `${name}.json`));
      files[`annotations/${name}.zip`] = zipOf(pngs);
    }
    await writeZip(join(from, 'panoptic_annotations_trainval2017.zip'), files);
    await prepareDataset('coco200', { from });
    const dataset = await openDataset('coco200');
    const wanted = (scenes: readonly Scene[]) =>
      new Map(scenes.map(({ id, mask }) => [id, changed(mask, (value) => (value === 0 ? 255 : value))]));
    await expectMasks(dataset.train, wanted(train));
    await expectMasks(dataset.val, wanted(val));
  });

  test('COCO-Stuff 164k', async () => {
    await register('cocostuff');
    const categories: { id: number; cocostuffIndex: number }[] = JSON.parse(
      await readFile(join(root, 'categories.json'), 'utf8'),
    );
    const index = new Map(categories.map(({ id, cocostuffIndex }) => [id, cocostuffIndex]));
    const stuff = (scenes: readonly Scene[]) =>
      scenes.map((scene) => ({ ...scene, mask: changed(scene.mask, (value) => index.get(value) ?? 255) }));
    const [train, val] = [stuff(await cocoScenes('train', 2)), stuff(await cocoScenes('val', 1))];
    await photos(train, val);
    const grey = (year: string) => (scene: Scene) => [`${year}/${scene.id}.png`, encodeIndexedPng(scene.mask)] as const;
    await writeZip(
      join(from, 'stuffthingmaps_trainval2017.zip'),
      Object.fromEntries([...train.map(grey('train2017')), ...val.map(grey('val2017'))]),
    );
    const { absent, classes } = await prepareDataset('cocostuff', { from });
    expect(absent.length + classes.length).toBe(182);
    const dataset = await openDataset('cocostuff');
    const wanted = (year: string, scenes: readonly Scene[]) =>
      new Map(scenes.map(({ id, mask }) => [`${year}/${id}`, mask]));
    await expectMasks(dataset.train, wanted('train2017', train));
    await expectMasks(dataset.val, wanted('val2017', val));
  });
});

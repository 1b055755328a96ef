import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { type DoctorReport, examineDataset, exportDataset, LAYOUTS, toyScenes } from '@unseen/data';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const DATASETS = join(import.meta.dirname, '../../datasets');
const SHARED = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared');

const told = ({ findings }: DoctorReport) => findings.map(({ check }) => check).sort();

describe('toy scenes are well in every layout', () => {
  const scenes = toyScenes({ seeds: new SeedTree(0) });
  const toy = { ...scenes, train: scenes.train.slice(0, 24), val: scenes.val.slice(0, 24) };

  test.each(LAYOUTS)('%s', async (layout) => {
    const { yaml } = await exportDataset(toy, { layout, folder: join(temporaryFolder(), 'toy') });
    const { report } = await examineDataset(yaml);
    expect(told(report)).toEqual(['unseen-in-training']);
    expect(report.subsets).toMatchObject({ train: { images: 24, masks: 24 }, val: { images: 24, masks: 24 } });
  });
});

/** Every n-th line of the lists of a registered dataset, as one of its own with a split of frequent classes. */
async function thinned(name: string, every: number, split: string, change = (yaml: string) => yaml): Promise<string> {
  const folder = temporaryFolder();
  for (const subset of ['train', 'val']) {
    const lines = (await readFile(join(DATASETS, name, `${subset}.txt`), 'utf8')).trim().split('\n');
    await writeFile(join(folder, `${subset}.txt`), lines.filter((_, i) => i % every === 0).join('\n'));
  }
  const yaml = (await readFile(join(DATASETS, `${name}.yaml`), 'utf8'))
    .replace(/^splits:.*/ms, `splits: {default: ${split}}\n`)
    .replace(/^subsets:.*$/m, 'subsets: {train: train.txt, val: val.txt}');
  await writeFile(join(folder, 'dataset.yaml'), change(yaml));
  return join(folder, 'dataset.yaml');
}

describe('real photos and masks are well, but for what is true of them', () => {
  const absent = (folder: string) => !existsSync(join(SHARED, 'data', folder));

  test('VOC, with image labels', async ({ skip }) => {
    if (absent('voc12')) skip('shared/data/voc12 is not there');
    const path = await thinned('voc-animals', 8, '{seen: [cow, dog, horse, person], unseen: [cat, sheep]}');
    const { report } = await examineDataset(path, { root: join(SHARED, 'data/voc12') });
    expect(report.errors).toBe(0);
    expect(told(report)).toEqual(['mask-not-listed', 'training-image-without-seen-class', 'unseen-in-training']);
    const idle = report.findings.find(({ check }) => check === 'training-image-without-seen-class');
    expect(idle?.severity).toBe('warning');
  });

  const split = '{seen: [person, tree-merged, sky-other-merged], unseen: [grass-merged]}';
  const root = join(SHARED, 'data/coco_panoptic');
  const usual = ['training-image-without-seen-class', 'unseen-in-training'];

  test('COCO, category ids in grey masks', async ({ skip }) => {
    if (absent('coco_panoptic')) skip('shared/data/coco_panoptic is not there');
    const { report } = await examineDataset(await thinned('coco200', 5, split), { root });
    expect(told(report)).toEqual(['mask-not-listed', ...usual]);
  });

  test('COCO, panoptic', async ({ skip }) => {
    if (absent('coco_panoptic')) skip('shared/data/coco_panoptic is not there');
    const panoptic = (yaml: string) =>
      yaml
        .replace('layout: folder', 'layout: coco-panoptic')
        .replace('ignore: [0]\n', '')
        .replace(/^images: .*$/m, 'images: {train: JPEGImages, val: JPEGImages}')
        .replace(/^masks: .*$/m, 'masks: {train: panoptic, val: panoptic}')
        .concat('annotations: {train: panoptic_train2017.json, val: panoptic_val2017.json}\n');
    const { report } = await examineDataset(await thinned('coco200', 10, split, panoptic), { root });
    expect(told(report)).toEqual(['mask-not-listed', ...usual]);
    expect(report.subsets).toMatchObject({ train: { masks: 10 }, val: { masks: 10 } });
  });
});

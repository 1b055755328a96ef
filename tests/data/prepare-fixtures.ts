import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, SeedTree } from '@unseen/core';
import { toyAttributes } from '@unseen/data';
import { encodeRgbPng } from '@unseen/formats';
import { beforeAll, beforeEach, expect, onTestFinished } from 'vitest';
import {
  devkitFiles,
  type Files,
  listOf,
  type Scene,
  scenesOf,
  writeTar,
} from '../../packages/data/src/prepare/official-archives.suite.ts';
import { matBytes } from '../../packages/formats/src/mat/mat-writer.suite.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Folder of the test, with the archives and the data folder in it. */
export let folder: string;
export let from: string;
export let to: string;
/** Ten toy scenes under names like those of VOC. */
export let scenes: Scene[];

/** Sets all of this up for each test of the file that calls it. */
export function usePrepareFolder(): void {
  beforeAll(async () => {
    const toy = toyAttributes({ seeds: new SeedTree(0), train: 10, val: 1 });
    scenes = await scenesOf(toy.train, (i) => `2008_${String(i).padStart(6, '0')}`);
  });
  beforeEach(() => {
    folder = temporaryFolder();
    [from, to] = [join(folder, 'archives'), join(folder, 'data')];
    process.env.UNSEEN_DATA = to;
    onTestFinished(() => {
      delete process.env.UNSEEN_DATA;
    });
  });
}

/** Ids of some scenes. */
export const ids = (...indices: number[]) => indices.map((i) => scenes[i].id);
/** The toy classes and a split, as YAML. */
export const CLASSES = `classes:
  - {id: 0, name: background}
${Array.from({ length: 20 }, (_, i) => `  - {id: ${i + 1}, name: class${i + 1}}`).join('\n')}
splits:
  default: {seen: [class1, class2], unseen: [class3]}
`;

/** A YAML of the toy classes. */
export async function yaml(text: string, classes = CLASSES): Promise<string> {
  const path = join(folder, 'toy.yaml');
  await writeFile(path, `name: toy\n${text}\n${classes}`);
  return path;
}

/** Settings of VOC with SBD. */
export const VOC_YAML = `layout: voc
root: $UNSEEN_DATA/toy
masks: SegmentationClassAug
subsets: {train: $UNSEEN_DATA/toy/ImageSets/Segmentation/train_aug.txt, val: $UNSEEN_DATA/toy/ImageSets/Segmentation/val.txt}
palette: voc
prepare:
  converter: voc-sbd
  archives:
    voc: {file: voc.tar, inside: VOCdevkit/VOC2012}
    sbd: {file: benchmark.tgz, inside: benchmark_RELEASE/dataset}
    noval: {file: train_noval.txt, optional: true}
  expect: {train_aug: 10582}`;

/** Scenes 0 to 2 are VOC train, 3 and 4 VOC val; SBD has 2 and 5 to 7 as train, 3, 8 and 9 as val. */
export async function vocArchives(change: { sbd?: Files } = {}): Promise<void> {
  const lists = { 'Segmentation/train': ids(0, 1, 2), 'Segmentation/val': ids(3, 4), 'Main/train': ids(0) };
  await writeTar(join(from, 'voc.tar'), devkitFiles('VOCdevkit/VOC2012', scenes, { lists, masks: ids(0, 1, 2, 3, 4) }));
  await writeTar(join(from, 'benchmark.tgz'), { ...sbdFiles(), ...change.sbd });
}

/** What {@link vocArchives} packs as SBD. */
export function sbdFiles(): Files {
  const files: Files = {
    'benchmark_RELEASE/dataset/train.txt': listOf(ids(2, 5, 6, 7)),
    'benchmark_RELEASE/dataset/val.txt': listOf(ids(3, 8, 9)),
    'benchmark_RELEASE/BharathICCV2011.pdf': 'not needed',
  };
  for (const i of [2, 3, 5, 6, 7, 8, 9]) {
    const { id, mask } = scenes[i];
    // What VOC annotates itself differs there.
    const data = i < 5 ? mask.data.map(() => 1) : mask.data;
    const matrix = { class: 'uint8', height: mask.height, width: mask.width, data } as const;
    files[`benchmark_RELEASE/dataset/cls/${id}.mat`] = matBytes(
      { 'GTcls.Segmentation': matrix },
      { compress: i % 2 === 0, little: i !== 9 },
    );
  }
  return files;
}

/** Masks of a subset are those of the scenes of the same id (or of its last part). */
export async function expectMasks(samples: Dataset['train'], wanted: readonly string[]): Promise<void> {
  expect(samples.map(({ id }) => id.split('/').at(-1))).toEqual(wanted);
  for (const sample of samples) {
    const { mask } = scenes.find(({ id }) => sample.id.endsWith(id))!;
    const { height, width, data } = await sample.mask!();
    expect({ height, width, data: [...data] }).toEqual({
      height: mask.height,
      width: mask.width,
      data: [...mask.data],
    });
  }
}

/** A colour picture as PNG. */
export function colorPng(data: Uint8Array, height: number, width: number): Uint8Array {
  return encodeRgbPng({ height, width, data });
}

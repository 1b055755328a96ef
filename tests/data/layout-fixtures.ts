import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassInfo, Dataset, InstanceSet, LabelMap, Sample } from '@unseen/core';
import { annotatedInstances, exportDataset, type LayoutName, openDataset } from '@unseen/data';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Classes of {@link smallDataset}. */
export const CLASSES: readonly ClassInfo[] = [
  { id: 1, name: 'cat', color: [255, 0, 0], wordRow: 3 },
  { id: 2, name: 'dog', color: [0, 255, 0] },
  { id: 7, name: 'sky "above"', color: [0, 0, 255] },
  { id: 33, name: 'no', color: [9, 9, 9] },
];

/** What one image shows: a mask of class ids (255 unlabelled) and an object number for every pixel (0 none). */
export interface Scene {
  readonly id: string;
  readonly width: number;
  readonly classes: readonly number[];
  readonly objects: readonly number[];
}

/** A dataset in memory; an object is a set of pixels of one class. */
export function datasetOf(scenes: { readonly train: readonly Scene[]; readonly val: readonly Scene[] }): Dataset {
  return {
    name: 'small: one',
    classes: CLASSES,
    ignore: [],
    splits: { default: { seen: [7, 1], unseen: [2] }, 'all of it': { seen: [1, 2, 7, 33], unseen: [] } },
    train: scenes.train.map(sampleOf),
    val: scenes.val.map(sampleOf),
  };
}

function sampleOf({ id, width, classes, objects }: Scene): Sample {
  const height = classes.length / width;
  // An object is one number on one class.
  const numbers = objects.map((number, i) => (number === 0 || classes[i] === 255 ? 0 : 100 * number + classes[i]));
  const table = new Map([...new Set(numbers)].filter((n) => n > 0).map((n) => [n, n % 100] as const));
  const items = annotatedInstances(numbers, height, width, table);
  return {
    id,
    image: async () => ({
      height,
      width,
      data: Uint8Array.from({ length: 3 * classes.length }, (_, i) => (i * 37) % 256),
    }),
    mask: async (): Promise<LabelMap> => ({ id, height, width, data: Uint8Array.from(classes) }),
    instances: async (): Promise<InstanceSet> => ({ id, height, width, items }),
    imageLabels: [...new Set(classes.filter((c) => c !== 255))].sort((a, b) => a - b),
  };
}

/** Two training images and a test image, 2 by 3, one of them in a sub-folder. */
export const SCENES: { readonly train: readonly Scene[]; readonly val: readonly Scene[] } = {
  train: [
    { id: 'b', width: 3, classes: [1, 1, 2, 7, 2, 255], objects: [1, 2, 3, 0, 3, 0] },
    { id: 'sub/a', width: 3, classes: [2, 2, 2, 2, 2, 7], objects: [1, 1, 0, 2, 0, 0] },
  ],
  val: [{ id: '0007', width: 3, classes: [33, 33, 33, 1, 1, 1], objects: [1, 1, 1, 0, 0, 0] }],
};

/** {@link SCENES} in a layout: the folder and the path of its YAML. */
export async function exported(layout: LayoutName): Promise<{ folder: string; yaml: string }> {
  const folder = join(temporaryFolder(), 'data');
  const { yaml } = await exportDataset(datasetOf(SCENES), { layout, folder });
  return { folder, yaml };
}

/** Opens a dataset after a change of its YAML. */
export async function reopened(yaml: string, change: (text: string) => string): Promise<Dataset> {
  const text = await readFile(yaml, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error('nothing was changed');
  await writeFile(yaml, changed);
  return openDataset(yaml);
}

/** Everything that a dataset says, with its objects by class: the order in which Cityscapes has them. */
export async function contents(dataset: Dataset, { objects = true } = {}): Promise<unknown> {
  const { name, classes, ignore, splits } = dataset;
  const read = async (sample: Sample) => {
    const { data, ...size } = await sample.image();
    const mask = (await sample.mask?.())!;
    const items = objects ? (await sample.instances?.())?.items : undefined;
    return {
      id: sample.id,
      ...size,
      photo: [...data],
      mask: { ...mask, data: [...mask.data] },
      items: items?.toSorted((a, b) => a.classId - b.classId),
      labels: sample.imageLabels,
    };
  };
  const [train, val] = [dataset.train, dataset.val].map((samples) => Promise.all(samples.map(read)));
  return { name, classes, ignore, splits, train: await train, val: await val };
}

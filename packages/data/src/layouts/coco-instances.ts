import { join } from 'node:path';
import { type InstanceSet, type LabelMap, UserError } from '@unseen/core';
import { z } from 'zod';
import { type AnnotatedImage, type Region, readInstanceAnnotations, readRegion } from '../coco/instance-annotations.ts';
import { classIdOf, type DatasetFile } from '../dataset-file.ts';
import { cocoInstancesWriter } from '../export/coco-writers.ts';
import { annotatedInstances } from '../instances.ts';
import { classOfValue, maskValues } from '../mask.ts';
import { classReference, commonSettings, imageLabelSettings, listSettings, subsetPaths } from './common-settings.ts';
import { findFiles } from './find-files.ts';
import { listPath, readIdList } from './id-list.ts';
import { presentClasses, withImageLabels } from './image-labels.ts';
import type { Layout } from './layout.ts';
import type { ListedImage, Subset, SubsetListing } from './listing.ts';

/**
 * Settings of the layout `coco-instances`: the folders of COCO 2017 with its annotation of things. `background` is the class
 * of pixels of no object, which are unlabelled otherwise.
 */
const cocoInstancesSettings = z.strictObject({
  layout: z.literal('coco-instances'),
  ...commonSettings,
  images: subsetPaths.default({ train: 'train2017', val: 'val2017' }),
  annotations: subsetPaths.default({
    train: 'annotations/instances_train2017.json',
    val: 'annotations/instances_val2017.json',
  }),
  background: classReference.optional(),
  subsets: subsetPaths.optional(),
  lists: listSettings,
  imageLabels: imageLabelSettings,
});

const NOTHING = 0xffff;

/** Image labels are the categories of the annotation, those of crowds too. */
async function listCocoInstances(
  file: DatasetFile,
  settings: z.output<typeof cocoInstancesSettings>,
  subset: Subset,
): Promise<SubsetListing> {
  const annotation = join(file.root, settings.annotations[subset]);
  const annotated = await readInstanceAnnotations(annotation);
  const list = settings.subsets ? listPath(file, settings.subsets[subset]) : annotation;
  const lines = settings.subsets ? await readIdList(list, settings.lists) : [...annotated.keys()].map((id) => ({ id }));
  const imageFolder = join(file.root, settings.images[subset]);
  const names = lines.map(({ id }) => annotated.get(id)?.fileName ?? id);
  const images = await findFiles(imageFolder, names, ['']);
  const ground = storedBackground(file, settings.background);
  const values = maskValues(file);
  const classOf = (category: number) => classOfValue(category, values);
  const entries = lines.map((line, i): ListedImage => {
    const { id } = line;
    const image = annotated.get(id);
    if (!image) return { ...line, imagePath: images[i], maskPath: undefined };
    return {
      ...line,
      imagePath: images[i],
      maskPath: annotation,
      rawMask: async () => paint(image, annotation, ground),
      instances: async () => objectsOf(image, annotation, classOf),
      imageLabels: async () => presentClasses(image.categories.map(classOf)),
    };
  });
  const withLabels = await withImageLabels(file, entries, settings.imageLabels);
  return { list, entries: withLabels, imageFolder, maskFolder: annotation };
}

/** The layout `coco-instances`: the folders of COCO 2017 with its annotation of things. */
export const cocoInstances: Layout<typeof cocoInstancesSettings> = {
  schema: cocoInstancesSettings,
  list: listCocoInstances,
  write: cocoInstancesWriter,
};

/** The value that stands for the background before values become classes. */
function storedBackground(file: DatasetFile, background: string | number | undefined): number {
  if (background === undefined) return NOTHING;
  const id = classIdOf(file, background);
  if (!file.valueMap) return id;
  for (const [stored, mapped] of file.valueMap) if (mapped === id) return stored;
  throw new UserError({
    given: `${file.path}: 'map' has no value for the background class '${background}'`,
    expected: 'a value that is not a category, such as 0',
  });
}

/** The categories of an image's regions: crowds at the bottom, then from the largest region to the smallest. */
function paint(image: AnnotatedImage, path: string, ground: number): LabelMap {
  const { id, height, width, annotations } = image;
  const regions = annotations.map((annotation) => readRegion(annotation, image, path));
  const order = regions.toSorted((a, b) => Number(b.crowd) - Number(a.crowd) || b.area - a.area);
  const data = new Uint16Array(height * width).fill(ground);
  for (const { mask, category } of order) {
    for (let i = 0; i < data.length; i++) if (mask[i] === 1) data[i] = category;
  }
  return { id, height, width, data };
}

/** Objects of an image, including parts that others cover; without crowds and regions without a pixel. */
function objectsOf(
  image: AnnotatedImage,
  path: string,
  classOf: (category: number) => number | undefined,
): InstanceSet {
  const { id, height, width, annotations } = image;
  const items = annotations.flatMap((annotation) => {
    const { category, crowd, mask }: Region = readRegion(annotation, image, path);
    const classId = crowd ? undefined : classOf(category);
    return classId === undefined ? [] : annotatedInstances(mask, height, width, new Map([[1, classId]]));
  });
  return { id, height, width, items };
}

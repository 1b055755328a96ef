import { join } from 'node:path';
import { type InstanceSet, type LabelMap, UserError } from '@unseen/core';
import { z } from 'zod';
import type { AnnotationFacts } from '../coco/annotation-file.ts';
import { requireClassNames, strayCategory } from '../coco/categories.ts';
import { adviseOnNames } from '../coco/image-advice.ts';
import { findNamedFiles, plainFileName } from '../coco/image-names.ts';
import { type AnnotatedImage, readInstanceAnnotations } from '../coco/instance-annotations.ts';
import { readRegion } from '../coco/region.ts';
import { classIdOf, type DatasetFile } from '../dataset-file.ts';
import { cocoInstancesWriter } from '../export/coco-writers.ts';
import { annotatedInstances } from '../instances.ts';
import { classOfValue, type MaskValues, maskValues } from '../mask.ts';
import { classReference, commonSettings, imageLabelSettings, listSettings, subsetPaths } from './common-settings.ts';
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
  const { lists, optionalMasks } = settings;
  const components = lists.entries === 'paths' ? lists.components : undefined;
  const { images: annotated, facts } = await readInstanceAnnotations(annotation, {
    ...(components !== undefined && { components }),
  });
  requireClassNames(facts, file);
  const list = settings.subsets ? listPath(file, settings.subsets[subset]) : annotation;
  const lines = settings.subsets ? await readIdList(list, lists) : [...annotated.keys()].map((id) => ({ id }));
  const imageFolder = join(file.root, settings.images[subset]);
  const names = lines.map(({ id }) => annotated.get(id)?.fileName ?? id);
  const images = await findNamedFiles(imageFolder, names, components);
  const ground = storedBackground(file, settings.background);
  const values = maskValues(file);
  const masked = hasOutlines(facts, optionalMasks);
  const entries = lines.map((line, i): ListedImage => {
    const { id } = line;
    const image = annotated.get(id);
    if (!image) return { ...line, imagePath: images[i], maskPath: undefined };
    return {
      ...line,
      imagePath: images[i],
      maskPath: masked ? annotation : undefined,
      ...(masked && {
        rawMask: () => paint(image, annotation, ground),
        instances: () => objectsOf(image, facts, values),
      }),
      imageLabels: async () => presentClasses(image.categories.map((category) => classOfValue(category, values))),
    };
  });
  const withLabels = await withImageLabels(file, entries, settings.imageLabels);
  const missing = names.filter((_, i) => images[i] === undefined).map((name) => plainFileName(name, components));
  return {
    ...{ list, entries: withLabels, imageFolder, maskFolder: annotation, annotation: facts },
    adviseOnImages: () =>
      adviseOnNames(missing, {
        ...{ root: file.root, folder: imageFolder, subset },
        find: (folder, last) => findNamedFiles(folder, missing, last),
      }),
  };
}

/** Whether the file has masks. One of boxes alone has none, and is refused unless masks may be missing. */
function hasOutlines({ path, counts, withoutOutline }: AnnotationFacts, optionalMasks: boolean): boolean {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (withoutOutline.count < total || total === 0) return true;
  if (optionalMasks) return false;
  throw new UserError({
    given: `${path} has no outline in any of its ${total.toLocaleString('en')} annotations: a detection dataset has no masks`,
    expected: "polygons or run lengths in 'segmentation'",
    remedy: "export the outlines, or set 'optionalMasks: true' to use the categories as image labels",
  });
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

/**
 * The categories of an image's regions: crowds at the bottom, then from the largest region to the smallest. Where an object is
 * that has no outline, nothing is known.
 */
async function paint(image: AnnotatedImage, path: string, ground: number): Promise<LabelMap> {
  const { id, height, width } = image;
  const regions = (await image.annotations()).map((annotation) => readRegion(annotation, image, path));
  const order = regions.toSorted((a, b) => Number(b.crowd) - Number(a.crowd) || b.area - a.area);
  const data = new Uint16Array(height * width).fill(ground);
  for (const { mask, category, outlined } of order) {
    const value = outlined ? category : NOTHING;
    for (let i = 0; i < data.length; i++) if (mask[i] === 1) data[i] = value;
  }
  return { id, height, width, data };
}

/** Objects of an image, including parts that others cover; without crowds, objects without an outline and regions without a pixel. */
async function objectsOf(image: AnnotatedImage, facts: AnnotationFacts, values: MaskValues): Promise<InstanceSet> {
  const { id, height, width } = image;
  const items = (await image.annotations()).flatMap((annotation) => {
    const { category, crowd, outlined, mask } = readRegion(annotation, image, facts.path);
    if (crowd || !outlined || values.ignore.has(category)) return [];
    const classId = classOfValue(category, values);
    if (classId === undefined) throw strayCategory(facts, category, id);
    return annotatedInstances(mask, height, width, new Map([[1, classId]]));
  });
  return { id, height, width, items };
}

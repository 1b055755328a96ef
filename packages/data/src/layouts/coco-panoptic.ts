import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { z } from 'zod';
import { requireClassNames, strayCategory } from '../coco/categories.ts';
import { adviseOnNames } from '../coco/image-advice.ts';
import type { DatasetFile } from '../dataset-file.ts';
import { cocoPanopticWriter } from '../export/coco-writers.ts';
import { IMAGE_TYPES, MASK_TYPES } from '../file-types.ts';
import { classOfValue, maskValues } from '../mask.ts';
import { readPanopticAnnotation, readPanopticMask, readPanopticObjects } from '../panoptic.ts';
import { commonSettings, imageLabelSettings, listSettings, subsetPaths } from './common-settings.ts';
import { findAllFiles, findFiles } from './find-files.ts';
import { idOfPath, listPath, readIdList } from './id-list.ts';
import { presentClasses, withImageLabels } from './image-labels.ts';
import type { Layout } from './layout.ts';
import type { ListedImage, Subset, SubsetListing } from './listing.ts';

/** Settings of the layout `coco-panoptic`: the folders of COCO 2017 with its panoptic annotation. */
const cocoPanopticSettings = z.strictObject({
  layout: z.literal('coco-panoptic'),
  ...commonSettings,
  images: subsetPaths.default({ train: 'train2017', val: 'val2017' }),
  masks: subsetPaths.default({ train: 'annotations/panoptic_train2017', val: 'annotations/panoptic_val2017' }),
  annotations: subsetPaths.default({
    train: 'annotations/panoptic_train2017.json',
    val: 'annotations/panoptic_val2017.json',
  }),
  subsets: subsetPaths.optional(),
  lists: listSettings,
  imageLabels: imageLabelSettings,
});

/** Image labels are the categories of the annotation. */
async function listCocoPanoptic(
  file: DatasetFile,
  settings: z.output<typeof cocoPanopticSettings>,
  subset: Subset,
): Promise<SubsetListing> {
  const annotation = join(file.root, settings.annotations[subset]);
  const { lists } = settings;
  const annotated = await readPanopticAnnotation(annotation, {
    ...(lists.entries === 'paths' && { components: lists.components }),
  });
  const { facts } = annotated;
  requireClassNames(facts, file);
  const list = settings.subsets ? listPath(file, settings.subsets[subset]) : annotation;
  const lines = settings.subsets ? await readIdList(list, lists) : [...annotated.segments.keys()].map((id) => ({ id }));
  const ids = lines.map(({ id }) => id);
  const imageFolder = join(file.root, settings.images[subset]);
  const maskFolder = join(file.root, settings.masks[subset]);
  const images = await findAllFiles(imageFolder, ids, IMAGE_TYPES);
  const masks = await findAllFiles(maskFolder, ids, MASK_TYPES);
  const values = maskValues(file);
  const classOf = (category: number) => classOfValue(category, values);
  const classesOf = (id: string, segments: ReadonlyMap<number, number>, objects: ReadonlySet<number>) => {
    const classes = new Map<number, number>();
    for (const segment of objects) {
      const category = segments.get(segment)!;
      if (values.ignore.has(category)) continue;
      const classId = classOf(category);
      if (classId === undefined) throw strayCategory(facts, category, id);
      classes.set(segment, classId);
    }
    return classes;
  };
  const entries = lines.map((line, i): ListedImage => {
    const { id } = line;
    const [imagePath, ...moreImages] = images[i];
    const [maskPath, ...moreMasks] = masks[i];
    const rivals = [...moreImages, ...moreMasks];
    const objects = annotated.objects?.get(id);
    const segments = () => {
      const found = annotated.segments.get(id);
      if (found) return found;
      throw new UserError({ given: `image '${id}' of ${list} has no annotation in ${annotation}` });
    };
    return {
      ...line,
      imagePath,
      maskPath,
      ...(rivals.length > 0 && { rivals }),
      ...(maskPath !== undefined && { rawMask: async () => readPanopticMask(maskPath, id, segments()) }),
      ...(maskPath !== undefined &&
        objects && { instances: async () => readPanopticObjects(maskPath, id, classesOf(id, segments(), objects)) }),
      imageLabels: async () => presentClasses([...segments().values()].map(classOf)),
    };
  });
  const missing = ids.filter((_, i) => images[i].length === 0);
  return {
    ...{ list, entries: await withImageLabels(file, entries, settings.imageLabels) },
    ...{ imageFolder, maskFolder, annotation: facts },
    adviseOnImages: () =>
      adviseOnNames(missing, {
        ...{ root: file.root, folder: imageFolder, subset },
        find: (folder, last) =>
          findFiles(folder, last === undefined ? missing : missing.map((id) => idOfPath(id, last)), IMAGE_TYPES),
      }),
  };
}

/** The layout `coco-panoptic`: the folders of COCO 2017 with its panoptic annotation. */
export const cocoPanoptic: Layout<typeof cocoPanopticSettings> = {
  schema: cocoPanopticSettings,
  list: listCocoPanoptic,
  write: cocoPanopticWriter,
};

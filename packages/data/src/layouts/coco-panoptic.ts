import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { z } from 'zod';
import { panopticLabels, readPanopticJson, readPanopticMask } from '../panoptic.ts';
import { commonSettings, subsetPaths } from './common-settings.ts';
import { findFiles, IMAGE_TYPES, MASK_TYPES } from './find-files.ts';
import { listPath, readIdList } from './id-list.ts';
import type { ListLayout } from './listing.ts';

/** Settings of the layout `coco-panoptic`: the folders of COCO 2017 with its panoptic annotation. */
export const cocoPanopticSettings = z.strictObject({
  layout: z.literal('coco-panoptic'),
  ...commonSettings,
  images: subsetPaths.default({ train: 'train2017', val: 'val2017' }),
  masks: subsetPaths.default({ train: 'annotations/panoptic_train2017', val: 'annotations/panoptic_val2017' }),
  annotations: subsetPaths.default({
    train: 'annotations/panoptic_train2017.json',
    val: 'annotations/panoptic_val2017.json',
  }),
  subsets: subsetPaths.optional(),
});

/** Lists a subset of the layout `coco-panoptic`. */
export const listCocoPanoptic: ListLayout<z.output<typeof cocoPanopticSettings>> = async (file, settings, subset) => {
  const annotation = join(file.root, settings.annotations[subset]);
  const annotated = await readPanopticJson(annotation);
  const list = settings.subsets ? listPath(file, settings.subsets[subset]) : annotation;
  const lines = settings.subsets ? await readIdList(list) : [...annotated.keys()].map((id) => ({ id }));
  const ids = lines.map(({ id }) => id);
  const imageFolder = join(file.root, settings.images[subset]);
  const maskFolder = join(file.root, settings.masks[subset]);
  const images = await findFiles(imageFolder, ids, IMAGE_TYPES);
  const masks = await findFiles(maskFolder, ids, MASK_TYPES);
  const classes = new Set(file.classes.map(({ id }) => id));
  const entries = lines.map((line, i) => {
    const { id } = line;
    const maskPath = masks[i];
    const segments = () => {
      const found = annotated.get(id);
      if (found) return found;
      throw new UserError({ given: `image '${id}' of ${list} has no annotation in ${annotation}` });
    };
    return {
      ...line,
      imagePath: images[i],
      maskPath,
      ...(maskPath !== undefined && { rawMask: async () => readPanopticMask(maskPath, id, segments()) }),
      imageLabels: async () => panopticLabels(segments(), classes),
    };
  });
  return { list, entries, imageFolder, maskFolder };
};

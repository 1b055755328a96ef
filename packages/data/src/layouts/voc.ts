import { join } from 'node:path';
import { z } from 'zod';
import { commonSettings, subsetPaths } from './common-settings.ts';
import { listPairs } from './folder.ts';
import { listPath } from './id-list.ts';
import type { ListLayout } from './listing.ts';

/** Settings of the layout `voc`: the folders of the Pascal VOC devkits. */
export const vocSettings = z.strictObject({
  layout: z.literal('voc'),
  ...commonSettings,
  images: z.string().default('JPEGImages'),
  masks: z.string().default('SegmentationClass'),
  subsets: subsetPaths.optional(),
  imageLabels: z.string().optional(),
});

/** Lists a subset of the layout `voc`. */
export const listVoc: ListLayout<z.output<typeof vocSettings>> = (file, settings, subset) => {
  const list = settings.subsets
    ? listPath(file, settings.subsets[subset])
    : join(file.root, 'ImageSets/Segmentation', `${subset}.txt`);
  return listPairs(file, list, settings);
};

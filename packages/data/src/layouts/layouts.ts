import type { DatasetFile } from '../dataset-file.ts';
import { cityscapes } from './cityscapes.ts';
import { cocoInstances } from './coco-instances.ts';
import { cocoPanoptic } from './coco-panoptic.ts';
import { folder } from './folder.ts';
import type { FileEndings, Layout } from './layout.ts';
import type { Subset, SubsetListing } from './listing.ts';
import { voc } from './voc.ts';

/** The layouts by the name that dataset YAMLs give them. */
export const layouts = {
  folder,
  voc,
  cityscapes,
  'coco-panoptic': cocoPanoptic,
  'coco-instances': cocoInstances,
};

/** Name of a layout. */
export type LayoutName = keyof typeof layouts;

/** Names of the layouts. */
export const LAYOUTS = Object.keys(layouts) as readonly LayoutName[];

/** Lists one subset of a dataset by its layout without judging it; `openDataset` is this, checked. */
export function listSubset(
  file: DatasetFile<DatasetFile['settings'] & { readonly layout: LayoutName }>,
  subset: Subset,
): Promise<SubsetListing> {
  const layout: Layout = layouts[file.settings.layout];
  return layout.list(file, file.settings, subset);
}

/** How names of image and mask files end besides their id. */
export function fileEndings(settings: DatasetFile['settings'] & { readonly layout: LayoutName }): FileEndings {
  const layout: Layout = layouts[settings.layout];
  return layout.endings?.(settings) ?? { image: '', mask: '' };
}

import type { DatasetFile } from '../dataset-file.ts';
import { listCityscapes } from './cityscapes.ts';
import { listCocoInstances } from './coco-instances.ts';
import { listCocoPanoptic } from './coco-panoptic.ts';
import { listFolder } from './folder.ts';
import type { Subset, SubsetListing } from './listing.ts';
import { listVoc } from './voc.ts';

/** Lists one subset of a dataset by its layout, without a judgement; `openDataset` is this, checked. */
export function listSubset(file: DatasetFile, subset: Subset): Promise<SubsetListing> {
  const { settings } = file;
  switch (settings.layout) {
    case 'folder':
      return listFolder(file, settings, subset);
    case 'voc':
      return listVoc(file, settings, subset);
    case 'cityscapes':
      return listCityscapes(file, settings, subset);
    case 'coco-panoptic':
      return listCocoPanoptic(file, settings, subset);
    case 'coco-instances':
      return listCocoInstances(file, settings, subset);
  }
}

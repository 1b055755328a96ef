import { join } from 'node:path';
import { z } from 'zod';
import type { DatasetFile } from '../dataset-file.ts';
import { readRawMask } from '../mask.ts';
import { commonSettings, subsetPaths } from './common-settings.ts';
import { findFiles, IMAGE_TYPES, MASK_TYPES } from './find-files.ts';
import { listPath, readIdList } from './id-list.ts';
import { readImageLabels } from './image-labels.ts';
import type { ListLayout, SubsetListing } from './listing.ts';

/** Settings of the layout `folder`: `images/<id>.jpg`, `masks/<id>.png` and a list of ids for each subset. */
export const folderSettings = z.strictObject({
  layout: z.literal('folder'),
  ...commonSettings,
  images: z.string().default('images'),
  masks: z.string().default('masks'),
  subsets: subsetPaths,
  imageLabels: z.string().optional(),
});

/** Lists a subset of the layout `folder`. */
export const listFolder: ListLayout<z.output<typeof folderSettings>> = (file, settings, subset) =>
  listPairs(file, listPath(file, settings.subsets[subset]), settings);

/** Images with a mask of the same name in another folder, by a list of ids. */
export async function listPairs(
  file: DatasetFile,
  list: string,
  settings: { readonly images: string; readonly masks: string; readonly imageLabels?: string | undefined },
): Promise<SubsetListing> {
  const lines = await readIdList(list);
  const ids = lines.map(({ id }) => id);
  const [imageFolder, maskFolder] = [join(file.root, settings.images), join(file.root, settings.masks)];
  const images = await findFiles(imageFolder, ids, IMAGE_TYPES);
  const masks = await findFiles(maskFolder, ids, MASK_TYPES);
  const labels = settings.imageLabels === undefined ? undefined : await readImageLabels(file, settings.imageLabels);
  const entries = lines.map(({ id, line }, i) => {
    const maskPath = masks[i];
    const imageLabels = labels?.get(id);
    return {
      id,
      line,
      imagePath: images[i],
      maskPath,
      ...(maskPath !== undefined && { rawMask: () => readRawMask(maskPath, id) }),
      ...(imageLabels && { imageLabels: async () => imageLabels }),
    };
  });
  return { list, entries, imageFolder, maskFolder };
}

import { extname, join } from 'node:path';
import { type LabelMap, UserError } from '@unseen/core';
import { z } from 'zod';
import type { DatasetFile } from '../dataset-file.ts';
import { folderWriter } from '../export/png-writers.ts';
import { IMAGE_TYPES, MASK_TYPES } from '../file-types.ts';
import { readRawMask } from '../mask.ts';
import { commonSettings, imageLabelSettings, listSettings, subsetPaths } from './common-settings.ts';
import { type FilePlaces, findAllFiles, idsInFolder } from './find-files.ts';
import { type ListLine, listPath, readIdList } from './id-list.ts';
import { withImageLabels } from './image-labels.ts';
import type { Layout } from './layout.ts';
import { adviseOnPaths } from './list-advice.ts';
import type { ListedImage, Subset, SubsetListing } from './listing.ts';

/**
 * Settings of the layout `folder`: `images/<id>.jpg` and `masks/<id>.png`. `{subset}` in a folder stands for `train` or `val`. Each
 * subset has a list of ids; without lists, a subset is all files in its own folder of images.
 */
const folderSettings = z.strictObject({
  layout: z.literal('folder'),
  ...commonSettings,
  images: z.string().default('images'),
  masks: z.string().default('masks'),
  suffixes: z.strictObject({ image: z.string().optional(), mask: z.string().optional() }).default({}),
  subsets: subsetPaths.optional(),
  lists: listSettings,
  imageLabels: imageLabelSettings,
});

async function listFolder(
  file: DatasetFile,
  settings: z.output<typeof folderSettings>,
  subset: Subset,
): Promise<SubsetListing> {
  const { suffixes } = settings;
  const [imageFolder, maskFolder] = [settings.images, settings.masks].map((folder) =>
    join(file.root, folder.replaceAll(SUBSET, subset)),
  );
  if (!settings.subsets && !settings.images.includes(SUBSET)) {
    throw new UserError({
      given: `${file.path} has neither 'subsets' nor a folder of images for each subset`,
      expected: 'subsets: {train: train.txt, val: val.txt} or images: images/{subset}',
    });
  }
  const image = suffixes.image === undefined ? IMAGE_TYPES : [suffixes.image];
  const mask = suffixes.mask === undefined ? MASK_TYPES : [suffixes.mask];
  const list = settings.subsets ? listPath(file, settings.subsets[subset]) : imageFolder;
  const { lines, passedOver } = settings.subsets
    ? { lines: await readIdList(list, { ...settings.lists, suffixes: [...image, ...mask] }), passedOver: [] }
    : await linesOfFolder(imageFolder, image);
  const listing = await listPairs(
    list,
    lines,
    { folder: imageFolder, suffixes: image },
    { folder: maskFolder, suffixes: mask },
  );
  return { ...listing, entries: await withImageLabels(file, listing.entries, settings.imageLabels), passedOver };
}

/** The files in a folder of images as a list. */
export async function linesOfFolder(folder: string, suffixes: readonly string[]) {
  const { ids, passedOver } = await idsInFolder(folder, suffixes);
  return { lines: ids.map((id) => ({ id })), passedOver };
}

/** The layout `folder`: images and masks of the same ids in two folders. */
export const folder: Layout<typeof folderSettings> = {
  schema: folderSettings,
  list: listFolder,
  endings: ({ suffixes: { image = '', mask = '' } }) => ({ image: withoutType(image), mask: withoutType(mask) }),
  write: folderWriter,
};

function withoutType(suffix: string): string {
  return suffix.slice(0, suffix.length - extname(`_${suffix}`).length);
}

const SUBSET = '{subset}';

/** Images with a mask of the same id in another folder. */
export async function listPairs(
  list: string,
  lines: readonly (Omit<ListLine, 'line'> & Partial<ListLine>)[],
  image: FilePlaces,
  mask: FilePlaces,
  read: (path: string, id: string) => Promise<LabelMap> = readRawMask,
): Promise<SubsetListing> {
  const ids = lines.map(({ id }) => id);
  const images = await findAllFiles(image.folder, ids, image.suffixes);
  const masks = await findAllFiles(mask.folder, ids, mask.suffixes);
  const entries = lines.map((line, i): ListedImage => {
    const [[imagePath, ...moreImages], [maskPath, ...moreMasks]] = [images[i], masks[i]];
    const rivals = [...moreImages, ...moreMasks];
    return {
      ...line,
      imagePath,
      maskPath,
      ...(maskPath !== undefined && { rawMask: () => read(maskPath, line.id) }),
      ...(rivals.length > 0 && { rivals }),
    };
  });
  const missing = ids.filter((_, i) => images[i].length === 0);
  return {
    ...{ list, entries, imageFolder: image.folder, maskFolder: mask.folder },
    adviseOnImages: () => adviseOnPaths(missing, image),
  };
}

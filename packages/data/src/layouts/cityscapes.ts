import { join } from 'node:path';
import { type InstanceSet, UserError } from '@unseen/core';
import { z } from 'zod';
import type { DatasetFile } from '../dataset-file.ts';
import { cityscapesWriter } from '../export/png-writers.ts';
import { annotatedInstances } from '../instances.ts';
import { classOfValue, maskValues, readRawMask } from '../mask.ts';
import { commonSettings, imageLabelSettings, listSettings, subsetPaths } from './common-settings.ts';
import { findFiles } from './find-files.ts';
import { linesOfFolder, listPairs } from './folder.ts';
import { listPath, readIdList } from './id-list.ts';
import { withImageLabels } from './image-labels.ts';
import type { Layout } from './layout.ts';
import type { ListedImage, Subset, SubsetListing } from './listing.ts';

/**
 * Settings of the layout `cityscapes`: `leftImg8bit/train/<city>/<name>_leftImg8bit.png` and
 * `gtFine/train/<city>/<name>_gtFine_labelIds.png`. Ids are `<city>/<name>`; without lists, all images of a subset's folder.
 */
const cityscapesSettings = z.strictObject({
  layout: z.literal('cityscapes'),
  ...commonSettings,
  images: z.string().default('leftImg8bit'),
  masks: z.string().default('gtFine'),
  labels: z.string().default('labelIds'),
  folders: subsetPaths.default({ train: 'train', val: 'val' }),
  subsets: subsetPaths.optional(),
  lists: listSettings,
  imageLabels: imageLabelSettings,
});

async function listCityscapes(
  file: DatasetFile,
  settings: z.output<typeof cityscapesSettings>,
  subset: Subset,
): Promise<SubsetListing> {
  const { images, masks, labels, folders } = settings;
  const [imageFolder, maskFolder] = [images, masks].map((folder) => join(file.root, folder, folders[subset]));
  const [imageSuffix, maskSuffix] = [`_${images}.png`, `_${masks}_${labels}.png`];
  const list = settings.subsets ? listPath(file, settings.subsets[subset]) : imageFolder;
  const { lines, passedOver } = settings.subsets
    ? { lines: await readIdList(list, { ...settings.lists, suffixes: [imageSuffix, maskSuffix] }), passedOver: [] }
    : await linesOfFolder(imageFolder, [imageSuffix]);
  const listing = await listPairs(
    list,
    lines,
    { folder: imageFolder, suffixes: [imageSuffix] },
    { folder: maskFolder, suffixes: [maskSuffix] },
  );
  // Objects are stored with the original ids: they do not match other labels.
  const suffix = labels === 'labelIds' ? [`_${masks}_instanceIds.png`] : [];
  const objects = await findFiles(
    maskFolder,
    lines.map(({ id }) => id),
    suffix,
  );
  const entries = listing.entries.map((entry, i): ListedImage => {
    const path = objects[i];
    return path === undefined ? entry : { ...entry, instances: () => readObjects(file, path, entry.id) };
  });
  return { ...listing, entries: await withImageLabels(file, entries, settings.imageLabels), passedOver };
}

/** The layout `cityscapes`: the folders of Cityscapes. */
export const cityscapes: Layout<typeof cityscapesSettings> = {
  schema: cityscapesSettings,
  list: listCityscapes,
  endings: ({ images, masks, labels }) => ({ image: `_${images}`, mask: `_${masks}_${labels}` }),
  write: cityscapesWriter,
};

const OBJECTS_A_CLASS = 1000;

/** Objects of a 16-bit picture: value = 1000 · label + number; values below 1000 are labels without objects, or groups. */
async function readObjects(file: DatasetFile, path: string, id: string): Promise<InstanceSet> {
  const values = maskValues(file);
  const { height, width, data } = await readRawMask(path, id);
  const classes = new Map<number, number>();
  for (const object of [...new Set<number>(data)].sort((a, b) => a - b)) {
    if (object < OBJECTS_A_CLASS) continue;
    const label = Math.floor(object / OBJECTS_A_CLASS);
    const classId = classOfValue(label, values);
    if (classId !== undefined) classes.set(object, classId);
    else if (!values.ignore.has(label)) {
      throw new UserError({
        given: `${path} has the object ${object}, of label ${label}, which no class has`,
        expected: "a label in 'classes', 'map' or 'ignore' of the dataset",
      });
    }
  }
  return { id, height, width, items: annotatedInstances(data, height, width, classes) };
}

import { join } from 'node:path';
import { IGNORE, type InstanceSet, UserError } from '@unseen/core';
import { z } from 'zod';
import type { DatasetFile } from '../dataset-file.ts';
import { vocWriter } from '../export/png-writers.ts';
import { IMAGE_TYPES, MASK_TYPES } from '../file-types.ts';
import { annotatedInstances } from '../instances.ts';
import { classOfValue, maskValues, readRawMask, toLabelMap } from '../mask.ts';
import { commonSettings, imageLabelSettings, listSettings, subsetPaths } from './common-settings.ts';
import { findFiles } from './find-files.ts';
import { listPairs } from './folder.ts';
import { listPath, readIdList } from './id-list.ts';
import { withImageLabels } from './image-labels.ts';
import type { Layout } from './layout.ts';
import type { ListedImage, Subset, SubsetListing } from './listing.ts';

/**
 * Settings of the layout `voc`: the folders of a Pascal VOC devkit. `objectClasses` is the folder of the masks that give
 * objects their classes, where `masks` are different ones (the augmented ones).
 */
const vocSettings = z.strictObject({
  layout: z.literal('voc'),
  ...commonSettings,
  images: z.string().default('JPEGImages'),
  masks: z.string().default('SegmentationClass'),
  objects: z.string().default('SegmentationObject'),
  objectClasses: z.string().optional(),
  annotations: z.string().default('Annotations'),
  subsets: subsetPaths.optional(),
  lists: listSettings,
  imageLabels: imageLabelSettings,
});

async function listVoc(
  file: DatasetFile,
  settings: z.output<typeof vocSettings>,
  subset: Subset,
): Promise<SubsetListing> {
  const { root } = file;
  const list = settings.subsets
    ? listPath(file, settings.subsets[subset])
    : join(root, 'ImageSets/Segmentation', `${subset}.txt`);
  const lines = await readIdList(list, settings.lists);
  const listing = await listPairs(
    list,
    lines,
    { folder: join(root, settings.images), suffixes: IMAGE_TYPES },
    { folder: join(root, settings.masks), suffixes: MASK_TYPES },
  );
  const ids = lines.map(({ id }) => id);
  const objects = await findFiles(join(root, settings.objects), ids, MASK_TYPES);
  const classes = await findFiles(join(root, settings.objectClasses ?? settings.masks), ids, MASK_TYPES);
  const entries = listing.entries.map((entry, i): ListedImage => {
    const [objectPath, classPath] = [objects[i], classes[i]];
    if (objectPath === undefined || classPath === undefined) return entry;
    return { ...entry, instances: () => readObjects(file, entry.id, objectPath, classPath) };
  });
  const annotations = join(root, settings.annotations);
  return { ...listing, entries: await withImageLabels(file, entries, settings.imageLabels, annotations) };
}

/** The layout `voc`: the folders of the Pascal VOC devkits. */
export const voc: Layout<typeof vocSettings> = {
  schema: vocSettings,
  list: listVoc,
  write: vocWriter,
};

/**
 * Objects of a picture of object ids (0 none, 255 the border between objects; ids may have gaps), each with the class of most
 * of its pixels in the mask, not counting background (0) and void (255): augmented masks have other outlines than the objects.
 * Objects of ignored classes are left out; an object without a class is a {@link UserError}.
 */
async function readObjects(file: DatasetFile, id: string, objectPath: string, classPath: string): Promise<InstanceSet> {
  const values = maskValues(file);
  const raw = await readRawMask(classPath, id);
  toLabelMap(raw, classPath, values);
  const objects = await readRawMask(objectPath, id);
  const { height, width } = objects;
  if (raw.height !== height || raw.width !== width) {
    throw new UserError({
      given: `${objectPath} is ${height}x${width}, but ${classPath} is ${raw.height}x${raw.width} (height x width)`,
      expected: 'the same size',
    });
  }
  const votes = new Map<number, Map<number, number>>();
  objects.data.forEach((object, i) => {
    if (object === 0 || object === IGNORE) return;
    const ballot = votes.get(object) ?? new Map<number, number>();
    votes.set(object, ballot);
    const value = raw.data[i];
    if (value !== 0 && value !== IGNORE) ballot.set(value, (ballot.get(value) ?? 0) + 1);
  });
  const classes = [...votes]
    .sort(([a], [b]) => a - b)
    .flatMap(([object, ballot]) => {
      const [first, second] = [...ballot].sort(([, a], [, b]) => b - a);
      if (!first || second?.[1] === first[1]) {
        throw new UserError({
          given: `object ${object} of ${objectPath} has ${first ? `as many pixels of the value ${first[0]} as of ${second[0]}` : 'no pixel of a class'} in ${classPath}`,
          expected: 'one class for every object',
          remedy: "set 'objectClasses' to the folder of the masks that the objects belong to (SegmentationClass)",
        });
      }
      const classId = classOfValue(first[0], values);
      return classId === undefined ? [] : [[object, classId] as const];
    });
  return { id, height, width, items: annotatedInstances(objects.data, height, width, new Map(classes)) };
}

import { join } from 'node:path';
import { type Converter, type ImageTask, leftOut, type Plan } from '../converter.ts';
import { idsOf, idsOfOptionalList, pairFolders } from '../folders.ts';

/** Lists of the segmentation challenge. */
const LISTS = ['train', 'val', 'trainval', 'test'];
const EXTRAS = [
  ['SegmentationObject', '.png'],
  ['Annotations', '.xml'],
] as const;

/** What is needed of a VOC devkit. */
export const VOC_FILES =
  /^(JPEGImages\/[^/]+\.jpg|Segmentation(Class|Object)\/[^/]+\.png|Annotations\/[^/]+\.xml|ImageSets\/Segmentation\/\w+\.txt)$/;
/** By what a VOC devkit is recognised. */
export const VOC_MARKER = 'ImageSets/Segmentation';

/** A devkit: which files it has, and the tasks that take them over. */
export interface Devkit {
  readonly folder: string;
  readonly images: ReadonlySet<string>;
  readonly masks: ReadonlySet<string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Image, objects and annotation of an id, as far as they are there. */
  files(id: string, target: string): { from: string; to: string }[];
}

/** Lists the files of a VOC devkit. */
export async function openDevkit(folder: string): Promise<Devkit> {
  const lists = new Map<string, readonly string[]>();
  for (const name of LISTS) {
    const ids = await idsOfOptionalList(join(folder, VOC_MARKER), `${name}.txt`);
    if (ids) lists.set(name, ids);
  }
  const extras = await Promise.all(
    EXTRAS.map(async ([name, suffix]) => [name, suffix, await idsOf(join(folder, name), suffix)] as const),
  );
  return {
    folder,
    images: await idsOf(join(folder, 'JPEGImages'), '.jpg'),
    masks: await idsOf(join(folder, 'SegmentationClass'), '.png'),
    lists,
    files: (id, target) =>
      extras
        .filter(([, , ids]) => ids.has(id))
        .map(([name, suffix]) => `${name}/${id}${suffix}`)
        .map((name) => ({ from: join(folder, name), to: join(target, name) })),
  };
}

/** VOC 2007 or 2012 as they are: images, masks, objects and annotations of the segmentation lists. */
export const voc: Converter = {
  version: 1,
  sources: {
    trainval: { marker: VOC_MARKER, files: VOC_FILES },
    test: { marker: VOC_MARKER, files: VOC_FILES, optional: true },
  },
  async plan({ file, target, sources }): Promise<Plan> {
    const folders = pairFolders(file, target);
    const tasks = new Map<string, ImageTask>();
    const lists = new Map<string, readonly string[]>();
    const [noImage, noMask] = [new Set<string>(), new Set<string>()];
    for (const folder of Object.values(sources)) {
      const devkit = await openDevkit(folder);
      for (const [name, ids] of devkit.lists) {
        const there = ids.filter((id) => {
          if (!devkit.images.has(id)) noImage.add(id);
          else if (!devkit.masks.has(id)) noMask.add(id);
          else return true;
          return false;
        });
        if (there.length > 0) lists.set(name, there);
        for (const id of there) tasks.set(id, taskOf(devkit, id, target, folders));
      }
    }
    return {
      tasks: [...tasks.values()],
      lists: [...lists].map(([name, ids]) => ({ name, ids, path: join(target, VOC_MARKER, `${name}.txt`) })),
      leftOut: [
        ...leftOut([...noImage], 'listed images', 'no photo in JPEGImages'),
        ...leftOut([...noMask], 'listed images', 'no mask in SegmentationClass'),
      ],
    };
  },
};

function taskOf(devkit: Devkit, id: string, target: string, folders: ReturnType<typeof pairFolders>): ImageTask {
  const image = join(devkit.folder, 'JPEGImages', `${id}.jpg`);
  const from = join(devkit.folder, 'SegmentationClass', `${id}.png`);
  return {
    id,
    image,
    files: [{ from: image, to: join(folders.images, `${id}.jpg`) }, ...devkit.files(id, target)],
    mask: { from, to: join(folders.masks, `${id}.png`), source: { kind: 'png' } },
  };
}

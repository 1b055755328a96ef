import { join } from 'node:path';
import { type Converter, type ImageTask, leftOut, type Plan } from '../converter.ts';
import { idsOf, idsOfList, pairFolders } from '../folders.ts';

const SUBSETS = ['train', 'val'] as const;
/** The highest id of the annotation, which counts from 1. */
const LABELS = 182;
const PHOTOS = { marker: '.', files: /^[^/]+\.jpg$/ };

/** COCO-Stuff 164k: photos of 2017 and the PNGs of stuffthingmaps as they are; ids are `train2017/<id>`. */
export const cocostuff: Converter = {
  version: 1,
  sources: { train: PHOTOS, val: PHOTOS, masks: { marker: 'val2017', files: /^(train|val)2017\/[^/]+\.png$/ } },
  async plan({ file, target, sources, listPath }): Promise<Plan> {
    const folders = pairFolders(file, target);
    const [noImage, noMask]: [string[], string[]] = [[], []];
    const tasks: ImageTask[] = [];
    const lists = [];
    for (const subset of SUBSETS) {
      const year = `${subset}2017`;
      const images = await idsOf(sources[subset], '.jpg');
      const masks = await idsOf(join(sources.masks, year), '.png');
      noMask.push(...[...images].filter((id) => !masks.has(id)));
      noImage.push(...[...masks].filter((id) => !images.has(id)));
      const ids = [...images].filter((id) => masks.has(id)).sort();
      lists.push({ name: subset, path: listPath(subset), ids: ids.map((id) => `${year}/${id}`) });
      for (const id of ids) {
        const image = join(sources[subset], `${id}.jpg`);
        tasks.push({
          id: `${year}/${id}`,
          image,
          files: [{ from: image, to: join(folders.images, year, `${id}.jpg`) }],
          mask: {
            from: join(sources.masks, year, `${id}.png`),
            to: join(folders.masks, year, `${id}.png`),
            source: { kind: 'png' },
          },
        });
      }
    }
    return {
      tasks,
      lists,
      leftOut: [...leftOut(noImage.sort(), 'masks', 'no photo'), ...leftOut(noMask.sort(), 'photos', 'no mask')],
    };
  },
};

/**
 * COCO-Stuff 10k: the array `S` of every .mat file, 0 where there is no label, else the id of COCO-Stuff 164k plus 1.
 * Datasets with a class of id 182 get it as it is; those with the ids of COCO-Stuff 164k get these, and 255 for 0.
 */
export const cocostuff10k: Converter = {
  version: 1,
  sources: {
    data: {
      marker: 'imageLists',
      files: /^(images\/[^/]+\.jpg|annotations\/[^/]+\.mat|imageLists\/(train|test)\.txt)$/,
    },
  },
  async plan({ file, target, sources: { data }, listPath }): Promise<Plan> {
    const folders = pairFolders(file, target);
    const images = await idsOf(join(data, 'images'), '.jpg');
    const masks = await idsOf(join(data, 'annotations'), '.mat');
    const missing: string[] = [];
    const lists = [];
    for (const [subset, name] of [
      ['train', 'train'],
      ['val', 'test'],
    ] as const) {
      const ids = await idsOfList(join(data, 'imageLists', `${name}.txt`));
      missing.push(...ids.filter((id) => !images.has(id) || !masks.has(id)));
      lists.push({
        name: subset,
        path: listPath(subset),
        ids: ids.filter((id) => images.has(id) && masks.has(id)),
      });
    }
    const tasks = lists
      .flatMap(({ ids }) => ids)
      .map((id): ImageTask => {
        const image = join(data, 'images', `${id}.jpg`);
        return {
          id,
          image,
          files: [{ from: image, to: join(folders.images, `${id}.jpg`) }],
          mask: {
            from: join(data, 'annotations', `${id}.mat`),
            to: join(folders.masks, `${id}.png`),
            source: { kind: 'mat', variable: 'S' },
          },
        };
      });
    const asStored = file.classes.some(({ id }) => id === LABELS);
    const less = Array.from({ length: LABELS }, (_, i) => [i + 1, i] as const);
    return {
      tasks,
      lists,
      ...(!asStored && { table: { values: [[0, 255], ...less] } }),
      leftOut: leftOut(missing, 'listed images', 'no photo or no .mat file'),
    };
  },
};

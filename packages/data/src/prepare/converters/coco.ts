import { join } from 'node:path';
import { isInside } from '@unseen/core';
import { requireClassNames } from '../../coco/categories.ts';
import { readInstanceAnnotations } from '../../coco/instance-annotations.ts';
import { readIdList } from '../../layouts/id-list.ts';
import { readPanopticAnnotation } from '../../panoptic.ts';
import { type Converter, type ImageTask, leftOut, type MaskSource, type Plan } from '../converter.ts';
import { idsOf, pairFolders } from '../folders.ts';

const SUBSETS = ['train', 'val'] as const;
const PHOTOS = { marker: '.', files: /^[^/]+\.jpg$/ };

/**
 * COCO panoptic. Datasets of the layout `coco-panoptic` get the annotation as it is; those of the layout `folder` one
 * category id per pixel (8 bits, or 16 where a class has an id above 254; 0 unlabelled), for the images of their own
 * lists where these lie beside the YAML, else for all.
 */
export const cocoPanoptic: Converter = {
  version: 1,
  sources: {
    train: PHOTOS,
    val: PHOTOS,
    annotations: { marker: 'panoptic_val2017.json', files: /^panoptic_(train|val)2017(\.json|\.zip|\/[^/]+\.png)$/ },
  },
  async plan({ file, target, sources, listPath }): Promise<Plan> {
    const { settings } = file;
    const keep = settings.layout === 'coco-panoptic';
    const folders = keep ? undefined : pairFolders(file, target);
    const tasks: ImageTask[] = [];
    const lists = [];
    const files = [];
    const [noImage, noMask]: [string[], string[]] = [[], []];
    for (const subset of SUBSETS) {
      const year = `${subset}2017`;
      const annotation = join(sources.annotations, `panoptic_${year}.json`);
      const { segments, facts } = await readPanopticAnnotation(annotation);
      requireClassNames(facts, file);
      const images = await idsOf(sources[subset], '.jpg');
      const masks = await idsOf(join(sources.annotations, `panoptic_${year}`), '.png');
      const given = !isInside(listPath(subset), target);
      const wanted = given ? (await readIdList(listPath(subset))).map(({ id }) => id) : [...segments.keys()];
      noImage.push(...wanted.filter((id) => !images.has(id)));
      noMask.push(...wanted.filter((id) => images.has(id) && !(masks.has(id) && segments.has(id))));
      if (!given) noMask.push(...[...images].filter((id) => !segments.has(id)).sort());
      const ids = wanted.filter((id) => images.has(id) && masks.has(id) && segments.has(id));
      if (!given && !keep) lists.push({ name: subset, path: listPath(subset), ids });
      if (keep) files.push({ from: annotation, to: join(target, 'annotations', `panoptic_${year}.json`) });
      for (const id of ids) {
        const image = join(sources[subset], `${id}.jpg`);
        const source: MaskSource = { kind: 'panoptic', segments: [...segments.get(id)!], keep };
        tasks.push({
          id,
          image,
          files: [{ from: image, to: join(folders?.images ?? join(target, year), `${id}.jpg`) }],
          mask: {
            from: join(sources.annotations, `panoptic_${year}`, `${id}.png`),
            to: join(folders?.masks ?? join(target, 'annotations', `panoptic_${year}`), `${id}.png`),
            source,
          },
        });
      }
    }
    return {
      tasks,
      lists,
      files,
      leftOut: [
        ...leftOut(noImage, 'annotated images', 'no photo'),
        ...leftOut(noMask, 'images', 'no panoptic annotation'),
      ],
    };
  },
};

/** COCO instances: photos and annotation files, arranged as the layout of that name reads them. */
export const cocoInstances: Converter = {
  version: 2,
  sources: {
    train: PHOTOS,
    val: PHOTOS,
    annotations: { marker: 'instances_val2017.json', files: /^instances_(train|val)2017\.json$/ },
  },
  async plan({ file, target, sources }): Promise<Plan> {
    const tasks: ImageTask[] = [];
    const [noImage, noAnnotation]: [string[], string[]] = [[], []];
    for (const subset of SUBSETS) {
      const year = `${subset}2017`;
      const images = await idsOf(sources[subset], '.jpg');
      const { images: annotated, facts } = await readInstanceAnnotations(
        join(sources.annotations, `instances_${year}.json`),
      );
      requireClassNames(facts, file);
      noImage.push(...[...annotated.keys()].filter((id) => !images.has(id)));
      noAnnotation.push(...[...images].filter((id) => !annotated.has(id)).sort());
      for (const id of [...annotated.keys()].filter((id) => images.has(id)).sort()) {
        const image = join(sources[subset], `${id}.jpg`);
        tasks.push({ id: `${year}/${id}`, image, files: [{ from: image, to: join(target, year, `${id}.jpg`) }] });
      }
    }
    const files = SUBSETS.map((subset) => `instances_${subset}2017.json`).map((name) => ({
      from: join(sources.annotations, name),
      to: join(target, 'annotations', name),
    }));
    return {
      tasks,
      lists: [],
      files,
      leftOut: [
        ...leftOut(noImage, 'annotated images', 'no photo'),
        ...leftOut(noAnnotation, 'photos', 'no entry in the annotation'),
      ],
    };
  },
};

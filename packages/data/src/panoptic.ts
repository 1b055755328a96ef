import { type InstanceSet, type LabelMap, readBytes, UserError } from '@unseen/core';
import { decodeRgbPng, readJsonObject } from '@unseen/formats';
import { z } from 'zod';
import {
  type AnnotationFacts,
  Categories,
  categoryId,
  checkPart,
  flag,
  repeatedEntry,
  requireLists,
} from './coco/annotation-file.ts';
import { idOfFileName } from './coco/image-names.ts';
import { annotatedInstances } from './instances.ts';

const annotationSchema = z.object({
  image_id: z.union([z.int(), z.string()]).optional(),
  file_name: z.string().min(1),
  segments_info: z.array(z.object({ id: z.int(), category_id: categoryId, iscrowd: flag.optional() })),
});

/** Category of every segment, by image id (the name of its PNG without extension), in the order of the file. */
export type PanopticSegments = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** A panoptic annotation file. */
export interface PanopticAnnotation {
  readonly segments: PanopticSegments;
  /** By image id, the segments that are single objects (things, not crowds). Absent where the file does not say which categories are things. */
  readonly objects?: ReadonlyMap<string, ReadonlySet<number>>;
  readonly facts: AnnotationFacts;
}

/**
 * Reads a COCO panoptic annotation file, of any size; with `components`, only so many of the last ones of a file name count. Two
 * annotations of one image and two segments of one id are {@link UserError}s.
 */
export async function readPanopticAnnotation(
  path: string,
  { components }: { readonly components?: number } = {},
): Promise<PanopticAnnotation> {
  const segments = new Map<string, Map<number, number>>();
  const single = new Map<string, number[]>();
  const places = new Map<string, number>();
  const counts = new Map<number, number>();
  const categories = new Categories(path);
  const once = (key: string, what: string, index: number, remedy: string) => {
    const earlier = places.get(key);
    if (earlier !== undefined) {
      const named = (i: number) => `'annotations.${i}'`;
      throw repeatedEntry(path, [named(earlier), named(index)], what, 'one annotation for every image', remedy);
    }
    places.set(key, index);
  };
  const addAnnotation = (value: unknown, index: number) => {
    const { image_id, file_name, segments_info } = checkPart(annotationSchema, value, path, ['annotations', index]);
    const id = idOfFileName(file_name, components);
    once(`name ${id}`, `the name '${id}' (without the suffix)`, index, 'remove the repeated one, or rename its file');
    if (image_id !== undefined) {
      const remedy = 'number the images anew: exports that were put together often both begin at 1';
      once(`id ${typeof image_id} ${image_id}`, `the image_id ${image_id}`, index, remedy);
    }
    const categoryOf = new Map<number, number>();
    const objects: number[] = [];
    for (const { id: segment, category_id, iscrowd } of segments_info) {
      if (categoryOf.has(segment)) {
        throw new UserError({
          given: `${path}: 'annotations.${index}' (${file_name}) has the segment ${segment} twice, of the categories ${categoryOf.get(segment)} and ${category_id}`,
          expected: "every segment once in 'segments_info'",
          remedy: 'remove the one that is wrong',
        });
      }
      categoryOf.set(segment, category_id);
      if (iscrowd !== 1) objects.push(segment);
      counts.set(category_id, (counts.get(category_id) ?? 0) + 1);
    }
    segments.set(id, categoryOf);
    single.set(id, objects);
  };
  const lists = new Set<string>();
  await readJsonObject(path, {
    list: (key) => lists.add(key),
    element: (key, value, index) => {
      if (key === 'annotations') addAnnotation(value, index);
      else if (key === 'categories') categories.add(value, index);
    },
  });
  requireLists(path, lists, ['annotations']);
  const none = { count: 0, examples: [] };
  const facts = {
    ...{ path, categories: categories.names, counts },
    ...{ withoutOutline: none, brokenOutlines: none, repeated: none, incomplete: new Set<string>() },
  };
  if (!categories.tellsThings) return { segments, facts };
  const objects = [...single].map(([id, ids]) => {
    const categoryOf = segments.get(id)!;
    return [id, new Set(ids.filter((segment) => categories.things.has(categoryOf.get(segment)!)))] as const;
  });
  return { segments, objects: new Map(objects), facts };
}

/**
 * Reads a COCO panoptic PNG (segment id = R + 256 G + 65536 B, 0 unlabelled) as category ids, 65535 where there is none.
 * Segments that the annotation does not list are {@link UserError}s.
 */
export async function readPanopticMask(
  path: string,
  id: string,
  segments: ReadonlyMap<number, number>,
): Promise<LabelMap> {
  const { height, width, data: ids } = await readSegmentIds(path);
  const data = new Uint16Array(height * width);
  for (let i = 0; i < data.length; i++) {
    const category = ids[i] === 0 ? 0xffff : segments.get(ids[i]);
    if (category === undefined) {
      throw new UserError({
        given: `${path} has the segment ${ids[i]} at row ${Math.floor(i / width)}, column ${i % width}, which its annotation does not list`,
        expected: 'the PNG that belongs to the annotation file',
        remedy: 'take both from one export',
      });
    }
    data[i] = category;
  }
  return { id, height, width, data };
}

/** Reads the objects of a COCO panoptic PNG, given the classes of those segments that are objects. */
export async function readPanopticObjects(
  path: string,
  id: string,
  classes: ReadonlyMap<number, number>,
): Promise<InstanceSet> {
  const { height, width, data } = await readSegmentIds(path);
  return { id, height, width, items: annotatedInstances(data, height, width, classes) };
}

async function readSegmentIds(path: string): Promise<{ height: number; width: number; data: Uint32Array }> {
  const { height, width, data: rgb } = decodeRgbPng(await readBytes(path), path);
  const data = new Uint32Array(height * width);
  for (let i = 0; i < data.length; i++) data[i] = rgb[3 * i] + 256 * rgb[3 * i + 1] + 65536 * rgb[3 * i + 2];
  return { height, width, data };
}

import { extname } from 'node:path';
import { type InstanceSet, type LabelMap, readBytes, readJson, UserError } from '@unseen/core';
import { decodeRgbPng } from '@unseen/formats';
import { z } from 'zod';
import { annotatedInstances } from './instances.ts';

const schema = z.object({
  annotations: z.array(
    z.object({
      file_name: z.string(),
      segments_info: z.array(
        z.object({ id: z.int(), category_id: z.int().min(0).max(0xfffe), iscrowd: z.int().optional() }),
      ),
    }),
  ),
  categories: z.array(z.object({ id: z.int(), isthing: z.int() })).optional(),
});

/** Category of every segment, by image id (the name of its PNG without extension), in the order of the file. */
export type PanopticSegments = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** A panoptic annotation file. */
export interface PanopticAnnotation {
  readonly segments: PanopticSegments;
  /** By image id, the segments that are single objects (things, not crowds). Absent where the file does not say which categories are things. */
  readonly objects?: ReadonlyMap<string, ReadonlySet<number>>;
}

/** Categories of the segments in a COCO panoptic annotation file. */
export async function readPanopticJson(path: string): Promise<PanopticSegments> {
  return (await readPanopticAnnotation(path)).segments;
}

/** Reads a COCO panoptic annotation file. */
export async function readPanopticAnnotation(path: string): Promise<PanopticAnnotation> {
  const result = schema.safeParse(await readJson(path));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UserError({
      given: `${path}: '${issue.path.join('.')}' is not as in COCO panoptic annotations (${issue.message})`,
      expected: "'annotations' with 'file_name' and 'segments_info' of 'id' and 'category_id'",
    });
  }
  const { categories } = result.data;
  const annotations = result.data.annotations.map(({ file_name, segments_info }) => {
    return [file_name.slice(0, file_name.length - extname(file_name).length), segments_info] as const;
  });
  const segments = new Map(
    annotations.map(([id, infos]) => [id, new Map(infos.map((info) => [info.id, info.category_id]))]),
  );
  if (!categories) return { segments };
  const things = new Set(categories.flatMap(({ id, isthing }) => (isthing === 1 ? [id] : [])));
  const isObject = (info: { category_id: number; iscrowd?: number | undefined }) =>
    things.has(info.category_id) && info.iscrowd !== 1;
  const objects = annotations.map(
    ([id, infos]) => [id, new Set(infos.filter(isObject).map((info) => info.id))] as const,
  );
  return { segments, objects: new Map(objects) };
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

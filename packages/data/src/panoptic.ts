import { basename, extname } from 'node:path';
import { IGNORE, type LabelMap, readJson, UserError } from '@unseen/core';
import { decodeRgbPng } from '@unseen/formats';
import { z } from 'zod';
import { readBytes } from './image.ts';

const schema = z.object({
  annotations: z.array(
    z.object({
      file_name: z.string(),
      segments_info: z.array(z.object({ id: z.int(), category_id: z.int().min(0).max(0xfffe) })),
    }),
  ),
});

/** Category of every segment, by image id (the name of its PNG without extension), in the order of the file. */
export type PanopticSegments = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Reads a COCO panoptic annotation file. */
export async function readPanopticJson(path: string): Promise<PanopticSegments> {
  const result = schema.safeParse(await readJson(path));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UserError({
      given: `${path}: '${issue.path.join('.')}' is not as in COCO panoptic annotations (${issue.message})`,
      expected: "'annotations' with 'file_name' and 'segments_info' of 'id' and 'category_id'",
    });
  }
  return new Map(
    result.data.annotations.map(({ file_name, segments_info }) => [
      basename(file_name, extname(file_name)),
      new Map(segments_info.map(({ id, category_id }) => [id, category_id])),
    ]),
  );
}

/**
 * Reads a COCO panoptic PNG (segment id = R + 256 G + 65536 B, 0 unlabelled) as category ids, 65535 where there is none.
 * Segments that the annotation does not name are {@link UserError}s.
 */
export async function readPanopticMask(
  path: string,
  id: string,
  segments: ReadonlyMap<number, number>,
): Promise<LabelMap> {
  const { height, width, data: rgb } = decodeRgbPng(await readBytes(path), path);
  const data = new Uint16Array(height * width);
  for (let i = 0; i < data.length; i++) {
    const segment = rgb[3 * i] + 256 * rgb[3 * i + 1] + 65536 * rgb[3 * i + 2];
    const category = segment === 0 ? 0xffff : segments.get(segment);
    if (category === undefined) {
      throw new UserError({
        given: `${path} has the segment ${segment} at row ${Math.floor(i / width)}, column ${i % width}, which its annotation does not name`,
        expected: 'the PNG that belongs to the annotation file',
      });
    }
    data[i] = category;
  }
  return { id, height, width, data };
}

/** Categories of an image's segments, in increasing order, without those that mean "unlabelled". */
export function panopticLabels(segments: ReadonlyMap<number, number>, classes: ReadonlySet<number>): number[] {
  const present = new Set([...segments.values()].filter((id) => classes.has(id) && id !== IGNORE));
  return [...present].sort((a, b) => a - b);
}

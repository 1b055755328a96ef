import { excerpt, UserError } from '@unseen/core';
import { decodeRunLengths, runLengthArea } from '@unseen/vision';
import { z } from 'zod';
import { categoryId, checkPart, flag } from './annotation-file.ts';
import { decodeCompressedRunLengths } from './compressed-run-lengths.ts';
import { outlineOf } from './outline.ts';
import { fillPolygon } from './polygon.ts';

const annotationSchema = z.object({
  id: z.union([z.int(), z.string()]).optional().catch(undefined),
  category_id: categoryId,
  iscrowd: flag.optional(),
  bbox: z.array(z.number()).length(4).optional().catch(undefined),
  segmentation: z.unknown().optional(),
});
const runsSchema = z.object({
  segmentation: z.object({
    size: z.tuple([z.int(), z.int()]),
    counts: z.union([z.string(), z.array(z.int().min(0))]),
  }),
});

/** Where one annotation is, and what it is of. */
export interface Region {
  readonly category: number;
  /** A group of objects annotated as one. */
  readonly crowd: boolean;
  /** Whether the annotation says which pixels these are; otherwise the region is the box that holds the object, or the image. */
  readonly outlined: boolean;
  /** [height · width], 1 inside. */
  readonly mask: Uint8Array;
  /** In pixels. */
  readonly area: number;
}

/**
 * The region of an annotation in an image: the union of its polygons (filled as {@link fillPolygon} does), or its run
 * lengths, compressed or not. What is no annotation is a {@link UserError} about the file at `path`.
 */
export function readRegion(
  annotation: unknown,
  { id, height, width }: { readonly id: string; readonly height: number; readonly width: number },
  path: string,
): Region {
  const image = `${path}, image '${id}'`;
  const { id: own, category_id, iscrowd, bbox, segmentation } = checkPart(annotationSchema, annotation, image);
  const name = own === undefined ? image : `${image}, annotation ${own}`;
  const outline = outlineOf(segmentation);
  const common = { category: category_id, crowd: iscrowd === 1, outlined: outline?.kind !== 'none' };
  if (outline?.kind === 'polygons' || outline?.kind === 'none') {
    const mask = new Uint8Array(height * width);
    if (outline.kind === 'none') fillBox(mask, height, width, bbox ?? [0, 0, width, height]);
    else for (const polygon of outline.polygons) fillPolygon(mask, height, width, polygon);
    let area = 0;
    for (let i = 0; i < mask.length; i++) area += mask[i];
    return { ...common, mask, area };
  }
  if (Array.isArray(segmentation)) {
    const parts: readonly unknown[] = typeof segmentation[0] === 'number' ? [segmentation] : segmentation;
    const wrong = parts.find((part) => !Array.isArray(part) || !part.every(Number.isFinite));
    throw unusable(name, `has a polygon that is no list of numbers (${excerpt(JSON.stringify(wrong))})`);
  }
  const { size, counts } = checkPart(runsSchema, { segmentation }, name).segmentation;
  if (size[0] !== height || size[1] !== width) {
    throw unusable(
      name,
      `has run lengths of ${size[0]}x${size[1]}, in an image of ${height}x${width} (height x width)`,
    );
  }
  const runs = typeof counts === 'string' ? decodeCompressedRunLengths(counts, name) : counts;
  const pixels = runs.reduce((sum, run) => sum + run, 0);
  if (pixels !== height * width) {
    throw unusable(name, `has run lengths of ${pixels} pixels, in an image of ${height}x${width} (height x width)`);
  }
  return { ...common, mask: decodeRunLengths(runs, height, width), area: runLengthArea(runs) };
}

function unusable(name: string, what: string): UserError {
  return new UserError({
    given: `${name}: 'segmentation' ${what}`,
    expected: 'polygons as [x1, y1, x2, y2, …], or run lengths of the whole image',
    remedy: 'correct it, or export the annotations again',
  });
}

/** Every pixel that a box [x, y, width, height] touches. */
function fillBox(mask: Uint8Array, height: number, width: number, [x, y, w, h]: readonly number[]): void {
  const [left, top] = [Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y))];
  const [right, bottom] = [Math.min(width, Math.ceil(x + w)), Math.min(height, Math.ceil(y + h))];
  for (let row = top; row < bottom; row++) if (right > left) mask.fill(1, row * width + left, row * width + right);
}

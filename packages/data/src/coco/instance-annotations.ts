import { extname } from 'node:path';
import { readJson, UserError } from '@unseen/core';
import { decodeRunLengths, runLengthArea } from '@unseen/vision';
import { z } from 'zod';
import { decodeCompressedRunLengths } from './compressed-run-lengths.ts';
import { fillPolygon } from './polygon.ts';

const size = z.int().min(1).max(0xffff);
// Memory is allocated by these sizes.
const MAX_PIXELS = 2 ** 27;
const imageSchema = z
  .object({ id: z.int(), file_name: z.string(), height: size, width: size })
  .refine(({ height, width }) => height * width <= MAX_PIXELS, 'expected the size of a photo');
const fileSchema = z.object({ images: z.array(imageSchema), annotations: z.array(z.unknown()) });
const referenceSchema = z.object({ image_id: z.int(), category_id: z.int().min(0).max(0xfffe) });
const annotationSchema = z.object({
  category_id: z.int().min(0).max(0xfffe),
  iscrowd: z.int().optional(),
  segmentation: z.union([
    z.array(z.array(z.number()).refine((values) => values.length >= 6 && values.length % 2 === 0, 'expected x, y, …')),
    z.object({ size: z.tuple([size, size]), counts: z.union([z.string(), z.array(z.int().min(0))]) }),
  ]),
});

/** An image of an annotation file. */
export interface AnnotatedImage {
  /** Its file's name without extension. */
  readonly id: string;
  readonly fileName: string;
  readonly height: number;
  readonly width: number;
  /** Categories of its annotations, in their order. */
  readonly categories: readonly number[];
  /** As stored; {@link readRegion} checks them one by one. */
  readonly annotations: readonly unknown[];
}

/** Reads an annotation file of COCO instances (things). Annotations are checked when they are used. */
export async function readInstanceAnnotations(path: string): Promise<ReadonlyMap<string, AnnotatedImage>> {
  const { images, annotations } = check(fileSchema, await readJson(path), path);
  const byImage = new Map(images.map(({ id }) => [id, { categories: [] as number[], annotations: [] as unknown[] }]));
  annotations.forEach((annotation, i) => {
    const { image_id, category_id } = check(referenceSchema, annotation, path, ['annotations', i]);
    const image = byImage.get(image_id);
    if (!image) {
      throw new UserError({
        given: `${path}: 'annotations.${i}' is of the image ${image_id}, which is not among 'images'`,
        expected: 'the annotation file of these images',
      });
    }
    image.categories.push(category_id);
    image.annotations.push(annotation);
  });
  return new Map(
    images.map(({ id, file_name, height, width }) => {
      const name = file_name.slice(0, file_name.length - extname(file_name).length);
      return [name, { id: name, fileName: file_name, height, width, ...byImage.get(id)! }];
    }),
  );
}

/** Where one annotation is, and what it is of. */
export interface Region {
  readonly category: number;
  /** A group of objects annotated as one. */
  readonly crowd: boolean;
  /** [height · width], 1 inside. */
  readonly mask: Uint8Array;
  /** In pixels. */
  readonly area: number;
}

/**
 * The region of an annotation: the union of its polygons (filled as {@link fillPolygon} does), or its run lengths, compressed or not.
 * Anything else is a {@link UserError} about the file at `path`.
 */
export function readRegion(annotation: unknown, { id, height, width }: AnnotatedImage, path: string): Region {
  const name = `${path}, image '${id}'`;
  const { category_id, iscrowd, segmentation } = check(annotationSchema, annotation, name);
  const common = { category: category_id, crowd: iscrowd === 1 };
  if (Array.isArray(segmentation)) {
    const mask = new Uint8Array(height * width);
    for (const polygon of segmentation) fillPolygon(mask, height, width, polygon);
    return { ...common, mask, area: mask.reduce((sum, v) => sum + v, 0) };
  }
  const { counts, size } = segmentation;
  if (size[0] !== height || size[1] !== width) {
    throw new UserError({
      given: `${name}: run lengths of ${size[0]}x${size[1]}, in an image of ${height}x${width} (height x width)`,
      expected: 'the size of the image',
    });
  }
  const runs = typeof counts === 'string' ? decodeCompressedRunLengths(counts, name) : counts;
  return { ...common, mask: decodeRunLengths(runs, height, width), area: runLengthArea(runs) };
}

function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  name: string,
  at: readonly PropertyKey[] = [],
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError({
    given: `${name}: '${[...at, ...issue.path].join('.')}' is not as in COCO instance annotations (${issue.message})`,
    expected: "'images' and 'annotations' with 'category_id' and a 'segmentation' of polygons or run lengths",
  });
}

import { stat } from 'node:fs/promises';
import { explainFileError, UserError } from '@unseen/core';
import { type BytePlace, readJsonAt, readJsonObject } from '@unseen/formats';
import { z } from 'zod';
import {
  type AnnotationFacts,
  Categories,
  categoryId,
  checkPart,
  flag,
  Remarks,
  repeatedEntry,
  requireLists,
} from './annotation-file.ts';
import { idOfFileName } from './image-names.ts';
import { outlineOf } from './outline.ts';
import { Repeats } from './repeats.ts';

const size = z.int().min(1).max(0xffff);
// Memory is allocated by these sizes.
const MAX_PIXELS = 2 ** 27;
const imageSchema = z
  .object({ id: z.int(), file_name: z.string().min(1), height: size, width: size })
  .refine(({ height, width }) => height * width <= MAX_PIXELS, 'expected the size of a photo');
const referenceSchema = z.object({
  id: z.union([z.int(), z.string()], 'expected a whole number').optional(),
  image_id: z.int(),
  category_id: categoryId,
  iscrowd: flag.optional(),
  segmentation: z.unknown().optional(),
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
  /** As stored; `readRegion` checks them one by one. */
  annotations(): Promise<readonly unknown[]>;
}

/** An annotation file of COCO instances. */
export interface InstanceAnnotations {
  /** By image id, in the order of the file. */
  readonly images: ReadonlyMap<string, AnnotatedImage>;
  readonly facts: AnnotationFacts;
}

/** How an annotation file is read. */
export interface ReadInstancesOptions {
  /** The last components of a file name that name an image; all by default. */
  readonly components?: number;
  /** Annotations of larger files stay in the file, and are read when they are asked for. */
  readonly keepBytes?: number;
}

const KEEP_BYTES = 64 << 20;

/** The annotations of one image. */
class Objects {
  readonly categories: number[] = [];
  readonly values: unknown[] = [];
  readonly places: BytePlace[] = [];
  /** Of all annotations, the place of its first one. */
  readonly firstIndex: number;

  constructor(firstIndex: number) {
    this.firstIndex = firstIndex;
  }
}

/**
 * Reads an annotation file of COCO instances (things), of any size. Two images of one id or of one name, and an annotation that is
 * there twice, are {@link UserError}s; outlines are checked when they are used.
 */
export async function readInstanceAnnotations(
  path: string,
  { components, keepBytes = KEEP_BYTES }: ReadInstancesOptions = {},
): Promise<InstanceAnnotations> {
  const { size: bytes } = await stat(path).catch((error) => {
    throw explainFileError(error, path);
  });
  const keep = bytes <= keepBytes;
  const images = new ImageTable(path, components);
  const categories = new Categories(path);
  const objects = new Map<number, Objects>();
  const indexById = new Map<number | string, number>();
  const counts = new Map<number, number>();
  const incomplete = new Set<number>();
  const [withoutOutline, brokenOutlines] = [new Remarks(), new Remarks()];
  const repeats = new Repeats(path);

  const addAnnotation = (value: unknown, index: number, place: BytePlace) => {
    const { id, image_id, category_id, segmentation } = checkPart(referenceSchema, value, path, ['annotations', index]);
    if (id !== undefined) {
      const earlier = indexById.get(id);
      if (earlier !== undefined) {
        throw repeatedEntry(
          path,
          [`'annotations.${earlier}'`, `'annotations.${index}'`],
          `the id ${id}`,
          'every annotation once, with an id of its own',
          'remove the repeated ones; if they are different objects (of exports that were put together), number them anew',
        );
      }
      indexById.set(id, index);
    }
    const outline = outlineOf(segmentation);
    if (outline?.kind === 'none') {
      withoutOutline.add(`annotation ${id ?? index} of image ${image_id}`);
      incomplete.add(image_id);
    }
    if (outline?.kind === 'polygons' && outline.broken > 0) {
      brokenOutlines.add(`annotation ${id ?? index} of image ${image_id}`);
    }
    counts.set(category_id, (counts.get(category_id) ?? 0) + 1);
    let of = objects.get(image_id);
    if (!of) {
      of = new Objects(index);
      objects.set(image_id, of);
    }
    repeats.note(image_id, of.categories.length, category_id, segmentation);
    of.categories.push(category_id);
    if (keep) of.values.push(value);
    else of.places.push(place);
  };

  const lists = new Set<string>();
  await readJsonObject(path, {
    list: (key) => lists.add(key),
    element: (key, value, index, place) => {
      if (key === 'images') images.add(value, index);
      else if (key === 'annotations') addAnnotation(value, index, place);
      else if (key === 'categories') categories.add(value, index);
    },
  });
  requireLists(path, lists, ['images', 'annotations']);
  images.requireAll(objects);

  const read = async ({ values, places }: Pick<Objects, 'values' | 'places'>) =>
    keep ? values : readJsonAt(path, places);
  const repeated = await repeats.remarks((image, positions) => {
    const { values, places } = objects.get(image)!;
    return read({ values: positions.map((i) => values[i]), places: positions.map((i) => places[i]) });
  });
  const facts = {
    ...{ path, categories: categories.names, counts, withoutOutline, brokenOutlines, repeated },
    incomplete: images.namesOf(incomplete),
  };
  return { images: images.finish(objects, read), facts };
}

/** The images of a file, by id and by name. */
class ImageTable {
  readonly #path: string;
  readonly #components: number | undefined;
  readonly #images: z.output<typeof imageSchema>[] = [];
  readonly #byId = new Map<number, number>();
  readonly #byName = new Map<string, number>();

  constructor(path: string, components: number | undefined) {
    this.#path = path;
    this.#components = components;
  }

  add(value: unknown, index: number): void {
    const image = checkPart(imageSchema, value, this.#path, ['images', index]);
    const described = (i: number) => `'images.${i}' (${this.#images[i].file_name})`;
    this.#images.push(image);
    const sameId = this.#byId.get(image.id);
    if (sameId !== undefined) {
      throw repeatedEntry(
        this.#path,
        [described(sameId), described(index)],
        `the id ${image.id}`,
        'an id of its own for every image',
        'number the images anew, and the annotations with them: exports that were put together often both begin at 1',
      );
    }
    const name = idOfFileName(image.file_name, this.#components);
    const sameName = this.#byName.get(name);
    if (sameName !== undefined) {
      throw repeatedEntry(
        this.#path,
        [described(sameName), described(index)],
        `the name '${name}' (without the suffix)`,
        'every image once, under a name of its own',
        'give all annotations of an image one image id, and other images other names',
      );
    }
    this.#byId.set(image.id, index);
    this.#byName.set(name, index);
  }

  /** Every annotation must be of an image. */
  requireAll(objects: ReadonlyMap<number, Objects>): void {
    for (const [id, { firstIndex }] of objects) {
      if (this.#byId.has(id)) continue;
      throw new UserError({
        given: `${this.#path}: 'annotations.${firstIndex}' is of the image ${id}, which is not among 'images'`,
        expected: 'the annotation file of these images',
        remedy: 'remove the annotation, or add its image',
      });
    }
  }

  namesOf(ids: ReadonlySet<number>): Set<string> {
    return new Set([...this.#byName].flatMap(([name, index]) => (ids.has(this.#images[index].id) ? [name] : [])));
  }

  finish(
    objects: ReadonlyMap<number, Objects>,
    read: (of: Objects) => Promise<readonly unknown[]>,
  ): ReadonlyMap<string, AnnotatedImage> {
    const entries = [...this.#byName].map(([name, index]): [string, AnnotatedImage] => {
      const { id, file_name: fileName, height, width } = this.#images[index];
      const of = objects.get(id);
      const annotations = async () => (of ? read(of) : []);
      return [name, { id: name, fileName, height, width, categories: of?.categories ?? [], annotations }];
    });
    return new Map(entries);
  }
}

import { UserError } from '@unseen/core';
import { z } from 'zod';

/** Things of one kind in an annotation file, with the first few of them. */
export interface Remark {
  readonly count: number;
  readonly examples: readonly string[];
}

/** What an annotation file says besides its objects, and what is odd about these. */
export interface AnnotationFacts {
  readonly path: string;
  /** Names of its categories. */
  readonly categories: ReadonlyMap<number, string>;
  /** Annotations of each category that has any. */
  readonly counts: ReadonlyMap<number, number>;
  /** Annotations that do not say which pixels they are of. */
  readonly withoutOutline: Remark;
  /** Ids of the images with such annotations. */
  readonly incomplete: ReadonlySet<string>;
  /** Annotations with a polygon that is none: fewer than three corners, or half a corner. */
  readonly brokenOutlines: Remark;
  /** Annotations that say the same as an earlier one of another id. */
  readonly repeated: Remark;
}

const EXAMPLES = 5;

/** Collects a {@link Remark}. */
export class Remarks implements Remark {
  count = 0;
  readonly examples: string[] = [];

  add(example: string): void {
    if (this.count++ < EXAMPLES) this.examples.push(example);
  }
}

/** 0 or 1, or what some programs write for them. */
export const flag = z.union([z.literal(0), z.literal(1), z.boolean()], 'expected 0 or 1').transform(Number);

/** Id of a category as labels can hold it. */
export const categoryId = z.int().min(0).max(0xfffe);

const categorySchema = z.object({ id: z.int(), name: z.string().optional(), isthing: flag.optional() });

/** The categories of an annotation file, as they are read one by one. */
export class Categories {
  readonly names = new Map<number, string>();
  readonly things = new Set<number>();
  /** Whether the file says which categories are things. */
  tellsThings = false;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  add(value: unknown, index: number): void {
    const { id, name, isthing } = checkPart(categorySchema, value, this.#path, ['categories', index]);
    if (isthing !== undefined) this.tellsThings = true;
    if (isthing === 1) this.things.add(id);
    if (name === undefined) return;
    const earlier = this.names.get(id);
    if (earlier !== undefined && plainName(earlier) !== plainName(name)) {
      throw new UserError({
        given: `${this.#path}: 'categories' has the id ${id} twice, as '${earlier}' and as '${name}'`,
        expected: 'an id of its own for every category',
        remedy: 'number the categories anew, and the annotations with them',
      });
    }
    this.names.set(id, name);
  }
}

/** A name of a class or a category without what programs change: letter case, blanks and dashes. */
export function plainName(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/g, '');
}

/** A part of an annotation file, checked; `at` is its place. What is wrong is a {@link UserError}. */
export function checkPart<S extends z.ZodType>(
  schema: S,
  value: unknown,
  name: string,
  at: readonly PropertyKey[] = [],
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const wrong = issue.path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown>)?.[key], value);
  const shown = typeof wrong === 'object' || wrong === undefined ? '' : `${JSON.stringify(wrong).slice(0, 40)}; `;
  throw new UserError({
    given: `${name}: '${[...at, ...issue.path].join('.')}' is not as in COCO annotations (${shown}${issue.message})`,
    expected: "COCO's format, with whole numbers for ids and 'segmentation' as polygons or run lengths",
    remedy: 'correct it, or export the annotations again',
  });
}

/** The error for two entries of a list that cannot both be meant. */
export function repeatedEntry(
  path: string,
  [earlier, later]: readonly [string, string],
  what: string,
  expected: string,
  remedy: string,
): UserError {
  return new UserError({ given: `${path}: ${later} has ${what} of ${earlier}`, expected, remedy });
}

/** An error unless both lists are there. */
export function requireLists(path: string, found: ReadonlySet<string>, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length === 0) return;
  throw new UserError({
    given: `${path}: '${missing[0]}' is not as in COCO annotations (there is no such list)`,
    expected: `the lists ${wanted.map((name) => `'${name}'`).join(' and ')}`,
    remedy: 'name the annotation file of this layout',
  });
}

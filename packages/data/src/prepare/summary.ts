import type { DatasetFile } from '../dataset-file.ts';
import { classOfValue, maskValues } from '../mask.ts';
import type { ImageResult } from './convert-image.ts';
import type { LeftOut, Plan } from './converter.ts';
import type { Source } from './sources.ts';

/** What a prepared dataset consists of. */
export interface PreparedSummary {
  readonly dataset: string;
  readonly sources: readonly {
    readonly role: string;
    readonly kind: Source['kind'];
    readonly file: string;
    readonly bytes?: number;
    readonly verified?: string;
  }[];
  readonly images: number;
  /** `expected` is the length with whole official archives, where it is known. */
  readonly lists: readonly { readonly name: string; readonly images: number; readonly expected?: number }[];
  /** Classes with pixels, by id. */
  readonly classes: readonly {
    readonly id: number;
    readonly name: string;
    readonly images: number;
    readonly pixels: number;
  }[];
  /** Names of the classes without any pixel. */
  readonly absent: readonly string[];
  readonly unlabelledPixels: number;
  readonly leftOut: readonly LeftOut[];
}

/** Counts what was made, over all images in the order of the plan. */
export function summarize(
  file: DatasetFile,
  plan: Plan,
  results: readonly ImageResult[],
  { sources, expect }: { readonly sources: readonly Source[]; readonly expect: Readonly<Record<string, number>> },
): PreparedSummary {
  const values = maskValues(file);
  const counts = new Map(file.classes.map(({ id }) => [id, { images: 0, pixels: 0 }]));
  let unlabelledPixels = 0;
  for (const { counts: found } of results) {
    for (const [value, pixels] of found) {
      const id = classOfValue(value, values);
      const count = id === undefined ? undefined : counts.get(id);
      if (!count) unlabelledPixels += pixels;
      else {
        count.images++;
        count.pixels += pixels;
      }
    }
  }
  const classes = file.classes.map(({ id, name }) => ({ id, name, ...counts.get(id)! }));
  const hasMasks = results.some((result) => result.counts.length > 0);
  return {
    dataset: file.settings.name,
    sources: sources.map(({ role, kind, archive, bytes, verified }) => ({
      role,
      kind,
      file: archive.file,
      ...(bytes !== undefined && { bytes }),
      ...(verified !== undefined && { verified }),
    })),
    images: results.length,
    lists: [
      ...plan.lists.map(({ name, ids }) => ({
        name,
        images: ids.length,
        ...(expect[name] !== undefined && { expected: expect[name] }),
      })),
      ...Object.entries(expect)
        .filter(([name]) => plan.lists.every((list) => list.name !== name))
        .map(([name, expected]) => ({ name, images: 0, expected })),
    ],
    classes: classes.filter(({ pixels }) => pixels > 0),
    absent: hasMasks ? classes.filter(({ pixels }) => pixels === 0).map(({ name }) => name) : [],
    unlabelledPixels,
    leftOut: plan.leftOut,
  };
}

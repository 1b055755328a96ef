import { z } from 'zod';

/**
 * What a store says of all of its views without reading them, as JSON under `index` in the schema's metadata. Stores
 * that were written before there was one do without it.
 */
export const storeIndex = z.object({
  /** Of the images. */
  ids: z.array(z.string()),
  /** Height and width of each view's grid. */
  sizes: z.array(z.tuple([z.int().positive(), z.int().positive()])),
  /** Place of each view's labels in the file, as they lie there, and their CRC-32. */
  labels: z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative(), z.int().nonnegative()])),
  /** By raw label: the views that hold it, with how many positions. */
  classes: z.record(z.string(), z.array(z.tuple([z.int().nonnegative(), z.int().positive()]))),
});

/** {@link storeIndex}. */
export type StoreIndex = z.output<typeof storeIndex>;

/** Place and CRC-32 of the labels of a view. */
export type LabelPlace = StoreIndex['labels'][number];

/** A view that holds a class. */
export interface ClassView {
  /** Index of the view. */
  readonly view: number;
  readonly positions: number;
}

/** Makes a {@link StoreIndex} of views that come one after the other, `period` of each image. */
export class IndexBuilder {
  readonly index: StoreIndex = { ids: [], sizes: [], labels: [], classes: {} };
  readonly #period: number;
  readonly #counts = new Uint32Array(0x10000);

  constructor(period: number) {
    this.#period = period;
  }

  add(
    { id, height, width }: { readonly id: string; readonly height: number; readonly width: number },
    labels: Uint8Array | Uint16Array,
    place: LabelPlace,
  ): void {
    const { ids, sizes, classes } = this.index;
    const view = sizes.length;
    if (view % this.#period === 0) ids.push(id);
    sizes.push([height, width]);
    this.index.labels.push(place);
    const counts = this.#counts;
    for (const label of labels) counts[label]++;
    for (const label of labels) {
      if (counts[label] === 0) continue;
      classes[label] ??= [];
      classes[label].push([view, counts[label]]);
      counts[label] = 0;
    }
  }
}

import type { FileHandle } from 'node:fs/promises';
import { explainFileError, hashJson, messageOf, openFile, UserError } from '@unseen/core';
import { readFooter, type StoreColumn, type StoreFooter } from './footer.ts';
import type { FeatureBits, FeatureProvenance, FeatureStatistics, FeatureView } from './schema.ts';
import { type ClassView, IndexBuilder, type StoreIndex, storeIndex } from './view-index.ts';
import { TargetError, ViewReader } from './view-reader.ts';
import { type Compression, loadZstd } from './zstd.ts';

/** A view without its features. */
export type LabelView = Omit<FeatureView, 'features'>;

/** How often a class occurs in a store. */
export interface StoredSupport {
  readonly positions: number;
  readonly views: number;
}

/**
 * An open feature store. Views are read one by one and by index; nothing stays in memory but what the footer says, so
 * the size of the store does not matter. Reads may be asked for at once and run side by side. Nothing damaged is handed
 * out: checksums are compared before any length in the file is trusted, those of a view when it is first read.
 */
export class FeatureStore {
  readonly path: string;
  /** Of the file. */
  readonly bytes: number;
  /** Views in the store: images times views per image. */
  readonly count: number;
  readonly channels: number;
  /** In the file; features always arrive as float32. */
  readonly featureBits: FeatureBits;
  readonly labelBits: 8 | 16;
  readonly compression: Compression;
  readonly columns: readonly StoreColumn[];
  readonly provenance: FeatureProvenance;
  readonly statistics: FeatureStatistics;
  readonly #file: FileHandle;
  readonly #reader: ViewReader;
  readonly #storedIndex: string | undefined;
  readonly #pending = new Set<Promise<unknown>>();
  #index: Promise<StoreIndex> | undefined;
  #images: Promise<ReadonlyMap<string, readonly number[]>> | undefined;

  private constructor(path: string, file: FileHandle, bytes: number, footer: StoreFooter, reader: ViewReader) {
    this.path = path;
    this.bytes = bytes;
    this.count = footer.places.length;
    this.channels = footer.channels;
    this.featureBits = footer.featureBits;
    this.labelBits = footer.labelBits;
    this.compression = footer.compression;
    this.columns = footer.columns;
    this.provenance = footer.provenance;
    this.statistics = footer.statistics;
    this.#file = file;
    this.#reader = reader;
    this.#storedIndex = footer.index;
  }

  /**
   * Opens a store; close it when done. A file that is damaged, and a store of another origin than `expected`, are
   * {@link UserError}s.
   */
  static async open(path: string, expected: Partial<FeatureProvenance> = {}): Promise<FeatureStore> {
    const file = await openFile(path);
    try {
      const footer = await readFooter(file, path);
      const { size } = await file.stat();
      const zstd = footer.compression === 'zstd' ? await loadZstd() : undefined;
      const store = new FeatureStore(
        path,
        file,
        size,
        footer,
        new ViewReader({ ...footer, file, ...(zstd && { zstd }) }),
      );
      checkOrigin(store, expected);
      return store;
    } catch (error) {
      await file.close();
      const known = explainFileError(error, path);
      throw known instanceof UserError ? known : damaged(path, error);
    }
  }

  /**
   * Reads a view into memory of its own, once: its arrays are views of what was read, without a copy where features are
   * stored as float32 and uncompressed.
   */
  read(index: number): Promise<FeatureView> {
    this.#checkView(index);
    return this.#keep(this.#reader.read(index));
  }

  /**
   * {@link read} with the features written into `target` from `offset` on, for batches that are reused: without a copy
   * where they are stored as float32 and uncompressed. After an error that part of `target` is undefined.
   */
  readInto(index: number, target: Float32Array, offset = 0): Promise<LabelView> {
    this.#checkView(index);
    return this.#keep(this.#readInto(index, target, offset));
  }

  /**
   * The views one after the other, each valid until the next is asked for: their memory is used again. Several such
   * loops may run at once.
   */
  async *views(): AsyncGenerator<FeatureView, void, undefined> {
    for (let i = 0; i < this.count; i++) {
      const spare = await this.#keep(this.#reader.borrow(i));
      try {
        yield spare.view;
      } finally {
        spare.release();
      }
    }
  }

  /** Reads the labels of a view without its features, nothing but their bytes. */
  readLabels(index: number): Promise<LabelView> {
    this.#checkView(index);
    return this.#keep(this.#readLabels(index));
  }

  /** Ids of the images, in the order of the store. */
  async ids(): Promise<readonly string[]> {
    return (await this.#indexed()).ids;
  }

  /** Indices of the views of an image, in the order of the provenance; none of an image that is not there. */
  async viewsOf(id: string): Promise<readonly number[]> {
    this.#images ??= this.#indexed().then(({ ids }) => {
      const period = this.provenance.views.length;
      const images = new Map<string, number[]>();
      for (const [i, image] of ids.entries()) {
        const views = images.get(image) ?? [];
        for (let k = 0; k < period; k++) views.push(i * period + k);
        images.set(image, views);
      }
      return images;
    });
    return (await this.#images).get(id) ?? [];
  }

  /** Views that hold a class (a raw label), with how many positions, in the order of the store. */
  async viewsWith(classId: number): Promise<readonly ClassView[]> {
    const { classes } = await this.#indexed();
    return (classes[classId] ?? []).map(([view, positions]) => ({ view, positions }));
  }

  /** All raw labels of the store, "unlabelled" among them, in ascending order. */
  async support(): Promise<ReadonlyMap<number, StoredSupport>> {
    const { classes } = await this.#indexed();
    return new Map(
      Object.entries(classes).map(([label, views]) => [
        Number(label),
        { positions: views.reduce((sum, [, positions]) => sum + positions, 0), views: views.length },
      ]),
    );
  }

  /** Closes the file when the reads that were asked for are done. */
  async close(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    await this.#file.close();
  }

  #checkView(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.count) return;
    throw new RangeError(`view ${index} of a store of ${this.count}`);
  }

  async #keep<T>(reading: Promise<T>): Promise<T> {
    this.#pending.add(reading);
    try {
      return await reading;
    } catch (error) {
      throw error instanceof TargetError || error instanceof UserError ? error : damaged(this.path, error);
    } finally {
      this.#pending.delete(reading);
    }
  }

  async #readInto(index: number, target: Float32Array, offset: number): Promise<LabelView> {
    const grid = this.#storedIndex === undefined ? undefined : (await this.#indexed()).sizes[index];
    return this.#reader.readInto(index, target, offset, grid);
  }

  async #readLabels(index: number): Promise<LabelView> {
    const { ids, sizes, labels } = await this.#indexed();
    const { views } = this.provenance;
    const [height, width] = sizes[index];
    return {
      id: ids[Math.floor(index / views.length)],
      view: views[index % views.length],
      height,
      width,
      labels: await this.#reader.readLabels(index, labels[index], height * width),
    };
  }

  /** What the store says of all views; one that does not is read through once. */
  #indexed(): Promise<StoreIndex> {
    this.#index ??= this.#keep(this.#storedIndex === undefined ? this.#buildIndex() : this.#parseIndex());
    return this.#index;
  }

  async #parseIndex(): Promise<StoreIndex> {
    const index = storeIndex.parse(JSON.parse(this.#storedIndex!));
    const { ids, sizes, labels } = index;
    if (sizes.length !== this.count || labels.length !== this.count) throw new Error('its index is of other views');
    if (ids.length * this.provenance.views.length !== this.count) throw new Error('its index is of other images');
    return index;
  }

  async #buildIndex(): Promise<StoreIndex> {
    const builder = new IndexBuilder(this.provenance.views.length);
    for (let i = 0; i < this.count; i++) {
      const { place, labels, ...view } = await this.#reader.locateLabels(i);
      builder.add(view, labels, place);
    }
    return builder.index;
  }
}

function checkOrigin({ path, provenance }: FeatureStore, expected: Partial<FeatureProvenance>): void {
  const differing = (Object.keys(expected) as (keyof FeatureProvenance)[]).filter(
    (key) => expected[key] !== undefined && hashJson(expected[key]) !== hashJson(provenance[key]),
  );
  if (differing.length === 0) return;
  const list = (from: Partial<FeatureProvenance>) =>
    differing.map((key) => `${key} ${JSON.stringify(from[key])}`).join(', ');
  throw new UserError({
    given: `the feature store ${path} was made with ${list(provenance)}`,
    expected: list(expected),
    remedy: 'extract the features anew, or use the settings that they were made with',
  });
}

function damaged(path: string, error: unknown): UserError {
  return new UserError(
    {
      given: `${path} cannot be read as a feature store (${messageOf(error)})`,
      expected: 'a whole Arrow file',
      remedy: 'delete it and extract the features anew',
    },
    { cause: error },
  );
}

import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { explainFileError, hashJson, IGNORE, messageOf, UserError, type ZeroShotSplit } from '@unseen/core';
import { type AsyncRecordBatchFileReader, DataType, Precision, RecordBatchReader } from 'apache-arrow';
import { ContiguousLabels } from './contiguous-labels.ts';
import {
  type FeatureBits,
  type FeatureColumns,
  type FeatureProvenance,
  type FeatureStatistics,
  type FeatureView,
  type PartCheck,
  STORE_FORMAT,
  storeMetadata,
  viewMetadata,
} from './feature-schema.ts';
import { fromHalves } from './half.ts';
import { checkSeal } from './store-seal.ts';

/**
 * An open feature store. Views are read one by one and by index, nothing stays in memory, so the size of the store does
 * not matter. Reads may be asked for at once; they are done one after the other. Nothing damaged is handed out: the Arrow
 * library trusts every length it reads, so checksums are compared first, those of a view when it is first read.
 */
export class FeatureStore {
  readonly path: string;
  /** Views in the store: images times views per image. */
  readonly count: number;
  readonly channels: number;
  /** In the file; features always arrive as float32. */
  readonly featureBits: FeatureBits;
  readonly labelBits: 8 | 16;
  readonly provenance: FeatureProvenance;
  readonly statistics: FeatureStatistics;
  readonly #file: FileHandle;
  readonly #reader: AsyncRecordBatchFileReader<FeatureColumns>;
  readonly #checks: readonly PartCheck[];
  readonly #checked = new Set<number>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, file: FileHandle, reader: AsyncRecordBatchFileReader<FeatureColumns>) {
    const [feature, label] = reader.schema.fields;
    const store = reader.schema.metadata.get('store');
    const format = reader.schema.metadata.get('format');
    if (format !== STORE_FORMAT || store === undefined || !DataType.isFixedSizeList(feature?.type)) {
      throw new UserError({
        given: `${path} is an Arrow file of another kind (${format ?? 'no format'})`,
        expected: `a feature store (${STORE_FORMAT})`,
      });
    }
    const { provenance, statistics, checks } = storeMetadata.parse(JSON.parse(store));
    this.path = path;
    this.#file = file;
    this.#reader = reader;
    this.count = reader.numRecordBatches;
    this.channels = feature.type.listSize;
    this.featureBits = feature.type.children[0].type.precision === Precision.HALF ? 16 : 32;
    this.labelBits = DataType.isInt(label.type) && label.type.bitWidth === 16 ? 16 : 8;
    this.#checks = checks;
    this.provenance = provenance;
    this.statistics = statistics;
  }

  /**
   * Opens a store; close it when done. A file that is damaged, and a store of another origin than `expected`, are
   * {@link UserError}s.
   */
  static async open(path: string, expected: Partial<FeatureProvenance> = {}): Promise<FeatureStore> {
    const file = await open(path).catch((error) => {
      throw explainFileError(error, path);
    });
    try {
      await checkSeal(file);
      const reader = await RecordBatchReader.from<FeatureColumns>(file);
      await reader.open();
      const store = new FeatureStore(path, file, reader as AsyncRecordBatchFileReader<FeatureColumns>);
      checkOrigin(store, expected);
      return store;
    } catch (error) {
      await file.close();
      throw error instanceof UserError ? error : damaged(path, error);
    }
  }

  /** Reads a view. Its arrays are views of what was read, without a copy where that is float32. */
  read(index: number): Promise<FeatureView> {
    if (!Number.isInteger(index) || index < 0 || index >= this.count) {
      throw new RangeError(`view ${index} of a store of ${this.count}`);
    }
    // The reader has one position in the file: reads must not overlap.
    const result = this.#last.then(() => this.#readBatch(index));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** {@link read} with the features copied into `target` from `offset` on, for batches that are reused. */
  async readInto(index: number, target: Float32Array, offset = 0): Promise<Omit<FeatureView, 'features'>> {
    const { features, ...view } = await this.read(index);
    target.set(features, offset);
    return view;
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }

  async #readBatch(index: number): Promise<FeatureView> {
    try {
      if (!this.#checked.has(index)) await this.#check(index);
      const batch = await this.#reader.readRecordBatch(index);
      if (!batch) throw new Error(`view ${index} is missing`);
      const [feature, label] = batch.data.children;
      const { id, view, height, width } = viewMetadata.parse(Object.fromEntries(batch.metadata));
      const stored: Float32Array | Uint16Array = feature.children[0].values;
      const labels: Uint8Array | Uint16Array = label.values;
      const length = height * width;
      if (stored.length < length * this.channels || labels.length < length) throw new Error(`view ${index} is short`);
      const features = stored.subarray(0, length * this.channels);
      return {
        id,
        view,
        height,
        width,
        features: features instanceof Uint16Array ? fromHalves(features) : features,
        labels: labels.subarray(0, length),
      };
    } catch (error) {
      throw damaged(this.path, error);
    }
  }

  async #check(index: number): Promise<void> {
    const start = index === 0 ? 0 : this.#checks[index - 1][0];
    const [end, crc] = this.#checks[index];
    const bytes = Buffer.alloc(end - start);
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length || crc32(bytes) !== crc) throw new Error(`view ${index} has a wrong checksum`);
    this.#checked.add(index);
  }
}

/** A view of which only the seen classes are labelled. */
export interface SeenOnlyView extends Omit<FeatureView, 'labels'> {
  /** Channels of seen classes, 0 … seen - 1; {@link IGNORE} elsewhere. [height · width] */
  readonly labels: Uint8Array;
}

/**
 * The leakage guard for stored features: labels come out as channels of seen classes, everything else as {@link IGNORE}.
 * Code that trains takes this, never the store.
 */
export class SeenOnlyFeatures {
  readonly labels: ContiguousLabels;
  readonly #store: FeatureStore;

  constructor(store: FeatureStore, split: ZeroShotSplit) {
    this.#store = store;
    this.labels = new ContiguousLabels(split);
  }

  get count(): number {
    return this.#store.count;
  }

  get channels(): number {
    return this.#store.channels;
  }

  get statistics(): FeatureStatistics {
    return this.#store.statistics;
  }

  /** {@link FeatureStore.read}, guarded. */
  async read(index: number): Promise<SeenOnlyView> {
    return this.#guard(await this.#store.read(index));
  }

  /** {@link FeatureStore.readInto}, guarded. */
  async readInto(index: number, target: Float32Array, offset = 0): Promise<Omit<SeenOnlyView, 'features'>> {
    return this.#guard(await this.#store.readInto(index, target, offset));
  }

  #guard<V extends Omit<FeatureView, 'features'>>(view: V): Omit<V, 'labels'> & { labels: Uint8Array } {
    const { id, height, width, labels } = view;
    const { data } = this.labels.toTrainChannels({ id, height, width, data: labels });
    for (const channel of data) {
      if (channel !== IGNORE && channel >= this.labels.seenCount) throw new Error(`${id}: an unseen label got through`);
    }
    return { ...view, labels: data };
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

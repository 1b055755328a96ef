import { crc32 } from 'node:zlib';
import { UserError } from '@unseen/core';
import { CompressionType, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow';
import { ChunkWriter } from './chunk-writer.ts';
import { fromHalves, LARGEST_HALF, toHalf } from './half.ts';
import { RunningStatistics } from './running-statistics.ts';
import {
  type FeatureBits,
  type FeatureColumns,
  type FeatureProvenance,
  type FeatureView,
  featureSchema,
  type PartCheck,
  STORE_FORMAT,
} from './schema.ts';
import { sealFooter } from './seal.ts';
import { IndexBuilder } from './view-index.ts';
import { readViewMessage } from './view-message.ts';
import type { ViewPlace } from './view-reader.ts';
import { type Compression, loadZstd } from './zstd.ts';

/** In which form a feature store holds its views. */
export interface StoreForm {
  /** Default 32. Features beyond the range of half floats (65,504) are a `UserError`. */
  readonly featureBits?: FeatureBits;
  /** Default `none`. */
  readonly compression?: Compression;
}

/** What a feature store holds. */
export interface FeatureStoreOptions extends StoreForm {
  readonly provenance: FeatureProvenance;
  readonly channels: number;
  /** Width of the raw class ids. */
  readonly labelBits?: 8 | 16;
}

/** What {@link FeatureStoreOptions} may leave out. */
export const STORE_DEFAULTS = { labelBits: 8, featureBits: 32, compression: 'none' } as const;

/** Takes what is written, in the order of the file: each view with its place, then the end of the file without one. */
export type StoreSink = (bytes: Buffer, place?: ViewPlace) => Promise<void>;

/** Turns views into the bytes of a feature store. The same views give the same bytes. */
export class FeatureStoreWriter {
  readonly #sink: StoreSink;
  readonly #options: Required<FeatureStoreOptions>;
  readonly #writer: ChunkWriter;
  readonly #schema: Schema<FeatureColumns>;
  readonly #statistics: RunningStatistics;
  readonly #index: IndexBuilder;
  readonly #checks: PartCheck[] = [];
  #length = 0;
  #count = 0;

  constructor(options: FeatureStoreOptions, sink: StoreSink) {
    this.#sink = sink;
    this.#options = { ...STORE_DEFAULTS, ...options };
    this.#writer = new ChunkWriter(this.#options.compression === 'zstd' ? CompressionType.ZSTD : undefined);
    this.#schema = featureSchema(this.#options);
    this.#statistics = new RunningStatistics(options.channels);
    this.#index = new IndexBuilder(options.provenance.views.length);
  }

  /** Views written so far, those of an extraction that is continued among them. */
  get count(): number {
    return this.#count;
  }

  /** Writes one view. Views of an image follow each other in the order of the provenance. */
  async append({ id, view, height, width, features, labels }: FeatureView): Promise<void> {
    const { channels, labelBits, featureBits, provenance } = this.#options;
    const length = height * width;
    const expected = provenance.views[this.#count % provenance.views.length];
    if (view !== expected) throw new RangeError(`view '${view}' of ${id} where '${expected}' is due`);
    const image = this.#index.index.ids[Math.floor(this.#count / provenance.views.length)] ?? id;
    if (image !== id) throw new RangeError(`a view of ${id} where one of ${image} is due`);
    if (features.length !== length * channels || labels.length !== length) {
      throw new RangeError(
        `${features.length} features and ${labels.length} labels for ${height}x${width}x${channels}`,
      );
    }
    if (labels.BYTES_PER_ELEMENT * 8 !== labelBits)
      throw new RangeError(`labels of ${id} are not of ${labelBits} bits`);
    const stored = featureBits === 16 ? toHalves(features, id) : features;
    // Of what readers will get.
    this.#statistics.add(stored instanceof Uint16Array ? fromHalves(stored) : stored, id);
    const [feature, label] = this.#schema.fields;
    const item = makeData({ type: feature.type.children[0].type, length: stored.length, data: stored });
    const data = makeData({
      type: new Struct<FeatureColumns>(this.#schema.fields),
      length,
      children: [
        makeData({ type: feature.type as FeatureColumns['feature'], length, child: item }),
        makeData({ type: label.type as FeatureColumns['label'], length, data: labels }),
      ],
    });
    const metadata = new Map(Object.entries({ id, view, height: `${height}`, width: `${width}` }));
    this.#writer.write(new RecordBatch(this.#schema, data, metadata));
    this.#count++;
    const bytes = Buffer.concat(this.#writer.chunks.splice(0));
    const { offset, metaDataLength } = this.#writer.lastBlock;
    const [message, body] = [offset - this.#length, offset - this.#length + metaDataLength];
    const region = readViewMessage(bytes.subarray(message, body)).labels;
    const from = body + region.offset;
    this.#index.add({ id, height, width }, labels, [
      this.#length + from,
      region.length,
      crc32(bytes.subarray(from, from + region.length)),
    ]);
    const end = this.#length + bytes.length;
    const place = { after: this.#length, start: offset, body: offset + metaDataLength, end, crc: crc32(bytes) };
    this.#length = end;
    this.#checks.push([end, place.crc]);
    await this.#sink(bytes, place);
  }

  /** Writes the footer with everything that is known only now. */
  async finish(): Promise<void> {
    const { provenance, compression } = this.#options;
    if (this.#count === 0 || this.#count % provenance.views.length !== 0) {
      throw new UserError({
        given: `a feature store of ${this.#count} views`,
        expected: `at least one image with all of its ${provenance.views.length} views`,
      });
    }
    const statistics = this.#statistics.result();
    const store = JSON.stringify({ provenance, statistics, compression, checks: this.#checks });
    const index = JSON.stringify(this.#index.index);
    const metadata = new Map(Object.entries({ format: STORE_FORMAT, store, index }));
    this.#writer.footerSchema = featureSchema(this.#options, metadata);
    this.#writer.finish();
    await this.#sink(sealFooter(Buffer.concat(this.#writer.chunks.splice(0))));
  }
}

/** Bytes that the columns of a view take in a store of that form. */
export async function columnBytes(
  { id, features, labels }: FeatureView,
  { featureBits, compression }: Required<StoreForm>,
): Promise<number> {
  const columns = [featureBits === 16 ? toHalves(features, id) : features, labels];
  const zstd = compression === 'zstd' ? await loadZstd() : undefined;
  return columns.reduce((sum, { buffer, byteOffset, byteLength }) => {
    const compressed = zstd?.compress(new Uint8Array(buffer, byteOffset, byteLength)).length ?? byteLength;
    return sum + Math.min(compressed, byteLength);
  }, 0);
}

const NOT_A_NUMBER = 0x7e00;

function toHalves(features: Float32Array, id: string): Uint16Array {
  const halves = new Uint16Array(features.length);
  for (let i = 0; i < features.length; i++) {
    // The statistics tell of numbers that are not finite.
    if (!Number.isFinite(features[i])) return halves.fill(NOT_A_NUMBER);
    if (Math.abs(features[i]) > LARGEST_HALF) {
      throw new UserError({
        given: `a feature of ${id} is ${features[i]}`,
        expected: `numbers up to ${LARGEST_HALF} for half precision`,
        remedy: 'store in full precision',
      });
    }
    halves[i] = toHalf(features[i]);
  }
  return halves;
}

import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { UserError, writeAtomic } from '@unseen/core';
import { makeData, RecordBatch, RecordBatchFileWriter, type Schema, Struct } from 'apache-arrow';
import {
  type FeatureBits,
  type FeatureColumns,
  type FeatureProvenance,
  type FeatureStatistics,
  type FeatureView,
  featureSchema,
  type PartCheck,
  STORE_FORMAT,
} from './feature-schema.ts';
import { fromHalves, LARGEST_HALF, toHalf } from './half.ts';
import { sealFooter } from './store-seal.ts';

/** What a feature store holds. */
export interface FeatureStoreOptions {
  readonly provenance: FeatureProvenance;
  readonly channels: number;
  /** Width of the raw class ids. */
  readonly labelBits?: 8 | 16;
  /** Default 32. Features beyond the range of half floats (65,504) are a `UserError`. */
  readonly featureBits?: FeatureBits;
}

/**
 * Writes a feature store: `produce` appends one view after the other, each goes to the disk at once. The file appears
 * under its name when all is written; a failed or interrupted extraction leaves at most a `*.tmp`.
 */
export async function writeFeatureStore(
  path: string,
  options: FeatureStoreOptions,
  produce: (writer: FeatureStoreWriter) => Promise<void>,
): Promise<void> {
  await writeAtomic(path, async (file) => {
    const writer = new FeatureStoreWriter(file, options);
    await produce(writer);
    await writer.finish();
  });
}

/** Appends views to the file of {@link writeFeatureStore}. */
export class FeatureStoreWriter {
  readonly #file: FileHandle;
  readonly #options: Required<FeatureStoreOptions>;
  readonly #writer = new ChunkWriter();
  readonly #schema: Schema<FeatureColumns>;
  readonly #statistics: RunningStatistics;
  readonly #checks: PartCheck[] = [];
  #length = 0;
  #count = 0;

  constructor(file: FileHandle, options: FeatureStoreOptions) {
    this.#file = file;
    this.#options = { labelBits: 8, featureBits: 32, ...options };
    this.#schema = featureSchema(this.#options);
    this.#statistics = new RunningStatistics(options.channels);
  }

  /** Views written so far. */
  get count(): number {
    return this.#count;
  }

  /** Writes one view. Views of an image follow each other in the order of the provenance. */
  async append({ id, view, height, width, features, labels }: FeatureView): Promise<void> {
    const { channels, labelBits, featureBits, provenance } = this.#options;
    const length = height * width;
    const expected = provenance.views[this.#count % provenance.views.length];
    if (view !== expected) throw new RangeError(`view '${view}' of ${id} where '${expected}' is due`);
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
    const chunks = this.#writer.chunks.splice(0);
    this.#length += chunks.reduce((sum, { length }) => sum + length, 0);
    this.#checks.push([this.#length, chunks.reduce((sum, chunk) => crc32(chunk, sum), 0)]);
    for (const chunk of chunks) await this.#file.writeFile(chunk);
  }

  /** Writes the footer with everything that is known only now. */
  async finish(): Promise<void> {
    const { provenance } = this.#options;
    if (this.#count === 0 || this.#count % provenance.views.length !== 0) {
      throw new UserError({
        given: `a feature store of ${this.#count} views`,
        expected: `at least one image with all of its ${provenance.views.length} views`,
      });
    }
    const store = JSON.stringify({ provenance, statistics: this.#statistics.result(), checks: this.#checks });
    const metadata = new Map(Object.entries({ format: STORE_FORMAT, store }));
    this.#writer.footerSchema = featureSchema(this.#options, metadata);
    this.#writer.finish();
    await this.#file.writeFile(sealFooter(Buffer.concat(this.#writer.chunks.splice(0))));
  }
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

/**
 * Arrow's file writer, with two changes: its bytes are handed over by whoever drains `chunks` instead of piling up in
 * a queue, and the footer, the only place of a file that holds the schema here, gets metadata that is known at the end.
 */
class ChunkWriter extends RecordBatchFileWriter<FeatureColumns> {
  readonly chunks: Uint8Array[] = [];
  footerSchema: Schema<FeatureColumns> | undefined;

  protected override _write(chunk: ArrayBufferView): this {
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (!this._started || bytes.length === 0) return this;
    this.chunks.push(bytes);
    this._position += bytes.length;
    return this;
  }

  protected override _writeFooter(schema: Schema<FeatureColumns>): this {
    return super._writeFooter(this.footerSchema ?? schema);
  }
}

/** Mean and variance per channel over batches (Chan, Golub and LeVeque's update), in double precision. */
class RunningStatistics {
  private positions = 0;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;

  constructor(channels: number) {
    this.mean = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  add(features: Float32Array, id: string): void {
    const channels = this.mean.length;
    const n = features.length / channels;
    const sum = new Float64Array(channels);
    for (let i = 0; i < features.length; i += channels) for (let c = 0; c < channels; c++) sum[c] += features[i + c];
    const squares = new Float64Array(channels);
    for (let c = 0; c < channels; c++) sum[c] /= n;
    for (let i = 0; i < features.length; i += channels) {
      for (let c = 0; c < channels; c++) squares[c] += (features[i + c] - sum[c]) ** 2;
    }
    const total = this.positions + n;
    for (let c = 0; c < channels; c++) {
      if (!Number.isFinite(squares[c])) {
        throw new UserError({
          given: `the features of ${id} are not finite`,
          remedy: 'check the image and the weights',
        });
      }
      const delta = sum[c] - this.mean[c];
      this.mean[c] += (delta * n) / total;
      this.squares[c] += squares[c] + delta ** 2 * ((this.positions * n) / total);
    }
    this.positions = total;
  }

  result(): FeatureStatistics {
    return {
      positions: this.positions,
      mean: [...this.mean],
      std: Array.from(this.squares, (s) => Math.sqrt(s / this.positions)),
    };
  }
}

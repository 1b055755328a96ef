import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { fromHalves } from './half.ts';
import type { FeatureBits } from './schema.ts';
import type { LabelPlace } from './view-index.ts';
import { type Region, readViewMessage, type ViewMessage } from './view-message.ts';
import type { Zstd } from './zstd.ts';

/** Where a view lies in the file: its message from `start` on, its columns from `body` on. */
export interface ViewPlace {
  /** End of the view before. */
  readonly after: number;
  readonly start: number;
  readonly body: number;
  readonly end: number;
  /** CRC-32 of everything from `after` to `end`. */
  readonly crc: number;
}

/** What a {@link ViewReader} reads. */
export interface ViewReaderOptions {
  readonly file: FileHandle;
  readonly places: readonly ViewPlace[];
  readonly channels: number;
  readonly featureBits: FeatureBits;
  readonly labelBits: 8 | 16;
  /** Where views are compressed. */
  readonly zstd?: Zstd;
}

/** Columns of a view. */
export interface ReadView extends Pick<ViewMessage, 'id' | 'view' | 'height' | 'width'> {
  readonly features: Float32Array;
  readonly labels: Uint8Array | Uint16Array;
}

/** An array that a view does not fit into. */
export class TargetError extends RangeError {}

// Buffers kept for views that are not handed out as they were read.
const MOST_SPARE = 4;

/**
 * Reads views: each is read once, its checksum is compared before anything in it is trusted, and is known to be whole
 * from then on. Reads may run side by side.
 */
export class ViewReader {
  readonly #options: ViewReaderOptions;
  /** Of views whose checksums were compared. */
  readonly #messages = new Map<number, ViewMessage>();
  readonly #wholeLabels = new Set<number>();
  readonly #spare: Buffer[] = [];

  constructor(options: ViewReaderOptions) {
    this.#options = options;
  }

  /** Reads a view into memory of its own, of which its arrays are views unless they were packed. */
  async read(index: number): Promise<ReadView> {
    if (this.#packed) {
      return this.#withSpare(index, (message, body) => {
        const view = this.#viewOf(message, body);
        return { ...view, labels: view.labels.slice() };
      });
    }
    const { body, end } = this.#options.places[index];
    const bytes = Buffer.allocUnsafeSlow(end - body);
    return this.#viewOf(await this.#readBody(index, bytes), bytes);
  }

  /** {@link read}, into memory that is used again after `release`. */
  async borrow(index: number): Promise<{ readonly view: ReadView; release(): void }> {
    const { bytes, release } = this.#spareFor(index);
    try {
      return { view: this.#viewOf(await this.#readBody(index, bytes), bytes), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Reads a view with its features into `target` from `offset` on, which are undefined after an error. Where the view
   * was read before, or its grid is known beforehand, they go there without a copy.
   */
  async readInto(
    index: number,
    target: Float32Array,
    offset: number,
    grid: readonly [number, number] | undefined,
  ): Promise<Omit<ReadView, 'features'>> {
    const message = this.#messages.get(index);
    if (!this.#packed && message) return this.#readStraightInto(index, message, target, offset);
    if (!this.#packed && grid) return this.#readFirstInto(index, grid, target, offset);
    return this.#withSpare(index, (message, body) => {
      this.#unpackFeatures(message, body, this.#targetOf(message, target, offset));
      return { ...about(message), labels: this.#labelsOf(message, body).slice() };
    });
  }

  /** Reads the labels of a view alone, from a place that is known with its checksum. */
  async readLabels(index: number, [offset, length, crc]: LabelPlace, positions: number) {
    const bytes = Buffer.allocUnsafeSlow(length);
    await readFully(this.#options.file, [bytes], offset);
    if (!this.#messages.has(index) && !this.#wholeLabels.has(index)) {
      if (crc32(bytes) !== crc) throw new Error(`the labels of view ${index} have a wrong checksum`);
      this.#wholeLabels.add(index);
    }
    return this.#labelsIn(bytes, positions);
  }

  /** Reads a view and tells where its labels lie in the file, besides what they are. */
  async locateLabels(index: number) {
    return this.#withSpare(index, (message, body) => {
      const { offset, length } = message.labels;
      const place: LabelPlace = [
        this.#options.places[index].body + offset,
        length,
        crc32(body.subarray(offset, offset + length)),
      ];
      return { ...about(message), labels: this.#labelsOf(message, body).slice(), place };
    });
  }

  /** Whether stored features are no float32 numbers as they stand. */
  get #packed(): boolean {
    return this.#options.zstd !== undefined || this.#options.featureBits === 16;
  }

  /** Of a view that is known to be whole: nothing but its columns is read. */
  async #readStraightInto(index: number, message: ViewMessage, target: Float32Array, offset: number) {
    const features = this.#targetOf(message, target, offset);
    const end = message.features.offset + features.byteLength;
    const rest = Buffer.allocUnsafeSlow(message.labels.offset + message.labels.length - end);
    const place = this.#options.places[index].body + message.features.offset;
    await readFully(this.#options.file, [bytesOf(features), rest], place);
    return { ...about(message), labels: this.#labelsBehind(end, rest, message) };
  }

  /** Of a view that was not read before: features are what a body begins with. */
  async #readFirstInto(
    index: number,
    [height, width]: readonly [number, number],
    target: Float32Array,
    offset: number,
  ) {
    const { file, places } = this.#options;
    const { after, start, body, end } = places[index];
    const features = this.#targetOf({ height, width }, target, offset);
    if (features.byteLength > end - body) throw new Error(`view ${index} has another grid`);
    const head = Buffer.alloc(body - after);
    const rest = Buffer.allocUnsafeSlow(end - body - features.byteLength);
    await readFully(file, [head, bytesOf(features), rest], after);
    const message = this.#check(index, head.subarray(start - after), [head, bytesOf(features), rest]);
    if (message.height !== height || message.width !== width || message.features.offset !== 0) {
      throw new Error(`view ${index} has another grid`);
    }
    return { ...about(message), labels: this.#labelsBehind(features.byteLength, rest, message) };
  }

  #labelsBehind(end: number, rest: Buffer, { labels, height, width }: ViewMessage): Uint8Array | Uint16Array {
    return this.#labelsIn(rest.subarray(labels.offset - end), height * width);
  }

  #targetOf(
    { height, width }: Pick<ViewMessage, 'height' | 'width'>,
    target: Float32Array,
    offset: number,
  ): Float32Array {
    const length = height * width * this.#options.channels;
    if (offset < 0 || offset + length > target.length) {
      throw new TargetError(`${length} features at ${offset} of an array of ${target.length}`);
    }
    return target.subarray(offset, offset + length);
  }

  async #withSpare<T>(index: number, use: (message: ViewMessage, body: Buffer) => T): Promise<T> {
    const { bytes, release } = this.#spareFor(index);
    try {
      return use(await this.#readBody(index, bytes), bytes);
    } finally {
      release();
    }
  }

  #spareFor(index: number): { readonly bytes: Buffer; release(): void } {
    const { body, end } = this.#options.places[index];
    const length = end - body;
    const spare = this.#spare.pop();
    const buffer = spare && spare.length >= length ? spare : Buffer.allocUnsafeSlow(length);
    const release = () => {
      if (this.#spare.length < MOST_SPARE) this.#spare.push(buffer);
    };
    return { bytes: buffer.subarray(0, length), release };
  }

  /** Fills a buffer with the columns of a view, the first time with its message, and compares the checksum then. */
  async #readBody(index: number, bytes: Buffer): Promise<ViewMessage> {
    const { file, places } = this.#options;
    const { after, start, body } = places[index];
    const known = this.#messages.get(index);
    if (known) {
      await readFully(file, [bytes], body);
      return known;
    }
    const head = Buffer.alloc(body - after);
    await readFully(file, [head, bytes], after);
    return this.#check(index, head.subarray(start - after), [head, bytes]);
  }

  /** Reads the message of a view if the checksum of all `parts` of it is right. */
  #check(index: number, bytes: Uint8Array, parts: readonly Uint8Array[]): ViewMessage {
    const { places } = this.#options;
    const { body, end, crc } = places[index];
    if (parts.reduce((sum, part) => crc32(part, sum), 0) !== crc) throw new Error(`view ${index} has a wrong checksum`);
    const message = readViewMessage(bytes);
    this.#checkRegions(index, message, end - body);
    this.#messages.set(index, message);
    return message;
  }

  /** Arrow's lengths have to be those of the grid, whatever the checksum says. */
  #checkRegions(index: number, { height, width, features, labels, compressed }: ViewMessage, length: number): void {
    const { channels, featureBits, labelBits, zstd } = this.#options;
    const fits = ({ offset, length: own }: Region, bytes: number) =>
      offset % 8 === 0 && offset >= 0 && offset + own <= length && (compressed || own >= bytes);
    const positions = height * width;
    if (
      compressed !== (zstd !== undefined) ||
      !fits(features, (positions * channels * featureBits) / 8) ||
      !fits(labels, (positions * labelBits) / 8) ||
      labels.offset < features.offset + features.length
    ) {
      throw new Error(`view ${index} is not what it says`);
    }
  }

  /** A view of its columns, with features of their own where they are packed. */
  #viewOf(message: ViewMessage, body: Buffer): ReadView {
    const length = message.height * message.width * this.#options.channels;
    const labels = this.#labelsOf(message, body);
    if (!this.#packed) {
      const features = new Float32Array(body.buffer, body.byteOffset + message.features.offset, length);
      return { ...about(message), features, labels };
    }
    const features = new Float32Array(length);
    this.#unpackFeatures(message, body, features);
    return { ...about(message), features, labels };
  }

  #unpackFeatures({ features: { offset, length } }: ViewMessage, body: Buffer, target: Float32Array): void {
    const { featureBits } = this.#options;
    const stored = this.#unpack(body.subarray(offset, offset + length), (target.length * featureBits) / 8);
    if (featureBits === 16) fromHalves(new Uint16Array(stored.buffer, stored.byteOffset, target.length), target);
    else bytesOf(target).set(stored);
  }

  #labelsOf({ labels: { offset, length }, height, width }: ViewMessage, body: Buffer): Uint8Array | Uint16Array {
    return this.#labelsIn(body.subarray(offset, offset + length), height * width);
  }

  #labelsIn(bytes: Buffer, positions: number): Uint8Array | Uint16Array {
    const { labelBits } = this.#options;
    const { buffer, byteOffset } = this.#unpack(bytes, (positions * labelBits) / 8);
    return labelBits === 16
      ? new Uint16Array(buffer, byteOffset, positions)
      : new Uint8Array(buffer, byteOffset, positions);
  }

  /** `length` bytes of a column from how they are stored: compressed ones follow their length, or −1 where that was no gain. */
  #unpack(stored: Buffer, length: number): Uint8Array {
    const { zstd } = this.#options;
    if (!zstd) return stored.subarray(0, length);
    const content = stored.subarray(PREFIX_BYTES);
    const promised = stored.length < PREFIX_BYTES ? Number.NaN : Number(stored.readBigInt64LE(0));
    if (promised === -1 && content.length >= length) return content.subarray(0, length);
    if (promised !== length) throw new Error(`${promised} bytes are compressed where ${length} belong`);
    return zstd.decompress(content, length);
  }
}

const PREFIX_BYTES = 8;

function about({ id, view, height, width }: ViewMessage) {
  return { id, view, height, width };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function readFully(file: FileHandle, buffers: Uint8Array[], position: number): Promise<void> {
  const wanted = buffers.reduce((sum, { length }) => sum + length, 0);
  const { bytesRead } = await file.readv(buffers, position);
  if (bytesRead < wanted) throw new Error('it ends early');
}

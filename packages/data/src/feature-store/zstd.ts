import { CompressionType, compressionRegistry } from 'apache-arrow';

/** How a store is compressed: `zstd` is Zstandard, column by column, as the Arrow format has it. */
export type Compression = 'none' | 'zstd';

/** A Zstandard codec. Compressing the same bytes gives the same bytes. */
export interface Zstd {
  compress(bytes: Uint8Array): Uint8Array;
  /** Of a frame that says it holds `length` bytes; any other is an error, before memory is taken for it. */
  decompress(frame: Uint8Array, length: number): Uint8Array;
}

// Features do not get smaller beyond it.
const LEVEL = 1;

let loaded: Promise<Zstd> | undefined;

/** Loads the codec, once, and makes it known to the Arrow library, whose readers and writers have it from then on. */
export function loadZstd(): Promise<Zstd> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Zstd> {
  const { compress, decompress, init } = await import('@bokuweb/zstd-wasm');
  await init();
  const zstd: Zstd = {
    compress: (bytes) => compress(bytes, LEVEL),
    decompress(frame, length) {
      const promised = contentSize(frame);
      if (promised !== length) throw new Error(`${promised} bytes are compressed where ${length} belong`);
      return decompress(frame);
    },
  };
  compressionRegistry.set(CompressionType.ZSTD, { encode: zstd.compress, decode: (frame) => decompress(frame) });
  return zstd;
}

const MAGIC = 0xfd2fb528;
// Bytes of the dictionary's id and of the content's size, by their codes in the frame header.
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SIZE_BYTES = [0, 2, 4, 8];
const LONGEST_HEADER = 18;

/** Bytes that a frame says it holds (RFC 8878, section 3.1.1.1); `undefined` where it is no frame or does not say. */
function contentSize(frame: Uint8Array): number | undefined {
  const header = Buffer.alloc(LONGEST_HEADER);
  header.set(frame.subarray(0, LONGEST_HEADER));
  if (header.readUInt32LE(0) !== MAGIC) return undefined;
  const descriptor = header[4];
  const single = (descriptor >> 5) & 1;
  const code = descriptor >> 6;
  const size = code === 0 ? single : SIZE_BYTES[code];
  const at = 6 - single + DICTIONARY_BYTES[descriptor & 3];
  if (size === 0) return undefined;
  if (size === 8) return Number(header.readBigUInt64LE(at));
  return header.readUIntLE(at, size) + (size === 2 ? 256 : 0);
}

import { crc32, inflateSync } from 'node:zlib';
import { DamagedFile, messageOf, UserError } from '@unseen/core';
import { decode, encode } from 'fast-png';
import { fileKind } from './file-kind.ts';
import { unfilter } from './png-filters.ts';

/** Pixels that a picture may have: 2²⁸. */
export const MOST_PIXELS = 2 ** 28;

/** RGB per index. */
export type Palette = readonly (readonly [number, number, number])[];

/** A picture of one value per pixel. */
export interface IndexedPng {
  readonly height: number;
  readonly width: number;
  /** [height · width], palette indices or grey levels as stored; 16 bits only for 16-bit grey. */
  readonly data: Uint8Array | Uint16Array;
  readonly kind: 'palette' | 'gray';
  /** With kind `palette`. */
  readonly palette?: Palette;
}

/** A picture of three bytes per pixel. */
export interface RgbPng {
  readonly height: number;
  readonly width: number;
  /** [height · width · 3] */
  readonly data: Uint8Array;
}

/**
 * Decodes a PNG of indices: a palette image keeps its indices, a grey one its levels, without alpha if all is opaque; 1, 2
 * and 4 bits are unpacked to a byte per pixel and not rescaled. `name` stands for the file in messages. Colour pictures,
 * transparent ones and damaged files are {@link UserError}s.
 */
export function decodeIndexedPng(bytes: Uint8Array, name: string): IndexedPng {
  const png = inspect(bytes, name);
  if (png.color === RGB || png.color === RGB_ALPHA) {
    throw new UserError({
      given: `${name} is a colour picture (${COLORS[png.color].label})`,
      expected: 'one class index per pixel: a palette or grey PNG',
      remedy: 'replace each colour by the id of its class',
    });
  }
  const { height, width } = png;
  const stored = unpack(pixels(png, name), png);
  if (png.color === GRAY_ALPHA) return { height, width, data: opaqueGray(stored, png.depth, name), kind: 'gray' };
  const data = stored;
  if (png.color === GRAY) return { height, width, data, kind: 'gray' };
  return { height, width, data, kind: 'palette', palette: readPalette(png, name) };
}

/** The levels of grey and alpha, if all is opaque: what is meant under transparent pixels cannot be told. */
function opaqueGray(stored: Uint8Array | Uint16Array, depth: number, name: string): Uint8Array | Uint16Array {
  const data = depth === 16 ? new Uint16Array(stored.length / 2) : new Uint8Array(stored.length / 2);
  const opaque = 2 ** depth - 1;
  for (let i = 0; i < data.length; i++) {
    if (stored[2 * i + 1] !== opaque) {
      throw new UserError({
        given: `${name} has transparent pixels`,
        expected: 'a class index for every pixel',
        remedy: 'give transparent pixels a value that means "unlabelled", such as 255, and save as grey without alpha',
      });
    }
    data[i] = stored[2 * i];
  }
  return data;
}

/**
 * Decodes an 8-bit PNG to RGB. Palette and grey pictures are expanded. Transparent pixels and 16-bit channels, which
 * RGB bytes cannot hold, are {@link UserError}s, as are damaged files; with `lossy`, only what RGB bytes hold is read.
 */
export function decodeRgbPng(
  bytes: Uint8Array,
  name: string,
  { lossy = false }: { readonly lossy?: boolean } = {},
): RgbPng {
  const png = inspect(bytes, name, 'colours');
  const { height, width, color, depth } = png;
  const count = height * width;
  if (depth === 16 && !lossy)
    throw new UserError({
      given: `${name} has 16 bits per channel`,
      expected: '8 bits',
      remedy: 'save with 8 bits',
    });
  const unpacked = unpack(pixels(png, name), png);
  // Values of 8 bits in a file of 16 would all become 0.
  const shift = depth === 16 && unpacked.some((value) => value > 0xff) ? 8 : 0;
  const stored = depth === 16 ? Uint8Array.from(unpacked, (value) => value >> shift) : unpacked;
  if (color === RGB) return { height, width, data: stored as Uint8Array };
  const data = new Uint8Array(count * 3);
  const palette = color === PALETTE ? readPalette(png, name) : undefined;
  const { channels } = COLORS[color];
  const alpha = color === GRAY_ALPHA || color === RGB_ALPHA;
  const scale = 255 / (2 ** Math.min(depth, 8) - 1);
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    if (alpha && !lossy && stored[at + channels - 1] !== 255) {
      throw new UserError({
        given: `${name} has transparent pixels`,
        expected: 'an opaque picture',
        remedy: 'save without alpha',
      });
    }
    if (palette) data.set(paletteColor(palette, stored[i], name), 3 * i);
    else if (channels >= 3) data.set(stored.subarray(at, at + 3), 3 * i);
    else data.fill(stored[at] * scale, 3 * i, 3 * i + 3);
  }
  return { height, width, data };
}

/**
 * Encodes indices as an 8-bit palette PNG, or as grey (8 or 16 bits) without a palette. An index beyond the
 * palette is a {@link UserError}.
 */
export function encodeIndexedPng({
  height,
  width,
  data,
  palette,
}: {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array | Uint16Array;
  readonly palette?: Palette;
}): Uint8Array {
  checkSize(height, width, data.length, 1);
  if (!palette) return encode({ height, width, data, channels: 1, depth: data instanceof Uint16Array ? 16 : 8 });
  let largest = 0;
  for (const index of data) largest = Math.max(largest, index);
  if (palette.length > 256 || largest >= palette.length) {
    throw new UserError({
      given: `index ${largest} and a palette of ${palette.length} colours`,
      expected: 'a colour for every index, and at most 256',
    });
  }
  return encode({
    height,
    width,
    data: Uint8Array.from(data),
    channels: 1,
    depth: 8,
    palette: palette.map((c) => [...c]),
  });
}

/** Encodes RGB bytes as PNG. */
export function encodeRgbPng({ height, width, data }: RgbPng): Uint8Array {
  checkSize(height, width, data.length, 3);
  return encode({ height, width, data, channels: 3, depth: 8 });
}

const [GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA] = [0, 2, 3, 4, 6];

const COLORS: Readonly<Record<number, { label: string; channels: number; depths: readonly number[] }>> = {
  [GRAY]: { label: 'grey', channels: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { label: 'RGB', channels: 3, depths: [8, 16] },
  [PALETTE]: { label: 'palette', channels: 1, depths: [1, 2, 4, 8] },
  [GRAY_ALPHA]: { label: 'grey with alpha', channels: 2, depths: [8, 16] },
  [RGB_ALPHA]: { label: 'RGB with alpha', channels: 4, depths: [8, 16] },
};

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const MAX_DEFLATE_RATIO = 1032;
// Row and column of the first pixel and their steps, of the seven passes of Adam7; or of the single pass without it.
const ADAM7 = [[0, 0, 8, 8], [0, 4, 8, 8], [4, 0, 8, 4], [0, 2, 4, 4], [2, 0, 4, 2], [0, 1, 2, 2], [1, 0, 2, 1]]; // biome-ignore format: a table
const WHOLE = [[0, 0, 1, 1]];

interface Chunk {
  readonly type: string;
  readonly body: Buffer;
  /** With length, type and checksum. */
  readonly whole: Buffer;
}

interface Header {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
  readonly color: number;
  readonly interlaced: boolean;
  readonly chunks: readonly Chunk[];
  /** Filtered rows, as they come out of the compression. */
  readonly rows: Buffer;
}

/** Checks all that the decoder takes on trust: checksums, sizes, and that the pixels are there in full and not more. */
function inspect(input: Uint8Array, name: string, holds: 'ids' | 'colours' = 'ids'): Header {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw notPng(bytes, name, holds);
  const chunks = readChunks(bytes, name);
  const [first] = chunks;
  if (first?.type !== 'IHDR' || first.body.length !== 13) throw damaged(name, 'has no image header');
  const [width, height] = [first.body.readUInt32BE(0), first.body.readUInt32BE(4)];
  const [depth, color, compression, filter, interlace] = first.body.subarray(8);
  const type = COLORS[color];
  if (!type?.depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw damaged(name, `has an impossible header (${depth} bits, colour type ${color})`);
  }
  if (width === 0 || height === 0) throw damaged(name, `has a size of ${height} by ${width} pixels`);
  if (interlace === 1 && depth < 8) {
    throw new UserError({
      given: `${name} is interlaced with ${depth} bits per pixel`,
      expected: 'no interlacing below 8 bits',
      remedy: 'save it without interlacing',
    });
  }
  const bits = depth * type.channels;
  const size = (interlace === 1 ? ADAM7 : WHOLE).reduce((sum, [top, left, down, across]) => {
    const [rows, columns] = [Math.ceil((height - top) / down), Math.ceil((width - left) / across)];
    return rows > 0 && columns > 0 ? sum + rows * (1 + Math.ceil((columns * bits) / 8)) : sum;
  }, 0);
  const rows = inflateRows(chunks, size, name, { height, width });
  return { height, width, depth, color, interlaced: interlace === 1, chunks, rows };
}

function readChunks(bytes: Buffer, name: string): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 8; ; ) {
    const length = at + 12 <= bytes.length ? bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    const end = at + 12 + length;
    if (end > bytes.length) throw damaged(name, 'ends early');
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw damaged(name, `has a wrong checksum in its ${/^\w+$/.test(type) ? type : ''} chunk at byte ${at}`);
    }
    chunks.push({ type, body: bytes.subarray(at + 8, end - 4), whole: bytes.subarray(at, end) });
    if (type === 'IEND') return chunks;
    at = end;
  }
}

function inflateRows(
  chunks: readonly Chunk[],
  size: number,
  name: string,
  { height, width }: { readonly height: number; readonly width: number },
): Buffer {
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ body }) => body));
  const mismatch = (cause?: unknown) => damaged(name, `does not hold the declared ${height} by ${width} pixels`, cause);
  if (size > packed.length * MAX_DEFLATE_RATIO) throw mismatch();
  if (width * height > MOST_PIXELS) {
    throw new UserError({
      given: `${name} has ${height} by ${width} pixels`,
      expected: `at most ${MOST_PIXELS.toLocaleString('en')} in all`,
      remedy: 'cut it into tiles',
    });
  }
  let rows: Buffer;
  try {
    rows = inflateSync(packed, { maxOutputLength: size });
  } catch (error) {
    throw mismatch(error);
  }
  if (rows.length !== size) throw mismatch();
  return rows;
}

/** Pixels, row by row: 1, 2 and 4 bits still packed, rows on whole bytes. */
function pixels(png: Header, name: string): Uint8Array | Uint16Array {
  const { width, depth, color, interlaced, rows } = png;
  if (interlaced) return interlacedPixels(png, name);
  const bits = depth * COLORS[color].channels;
  const bytes = unfilter(rows, Math.ceil((width * bits) / 8), Math.ceil(bits / 8));
  if (!bytes) throw damaged(name, 'has a row with an unknown filter');
  if (depth < 16) return bytes;
  // Most significant byte first.
  return new Uint16Array(Buffer.from(bytes.buffer).swap16().buffer);
}

/** As fast-png puts the passes together. */
function interlacedPixels({ chunks }: Header, name: string): Uint8Array | Uint16Array {
  // Only what the pixels need: text and colour profiles may be compressed and of any size.
  const needed = chunks.filter(({ type }) => type === 'IHDR' || type === 'IDAT' || type === 'IEND');
  try {
    const { data } = decode(Buffer.concat([SIGNATURE, ...needed.map(({ whole }) => whole)]));
    return data instanceof Uint8ClampedArray ? Uint8Array.from(data) : data;
  } catch (error) {
    throw damaged(name, `cannot be decoded (${messageOf(error)})`, error);
  }
}

function unpack(data: Uint8Array | Uint16Array, { height, width, depth }: Header): Uint8Array | Uint16Array {
  if (depth >= 8) return data;
  const out = new Uint8Array(height * width);
  const rowBytes = Math.ceil((width * depth) / 8);
  const perByte = 8 / depth;
  const mask = 2 ** depth - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + Math.floor(x / perByte)];
      out[y * width + x] = (byte >> (8 - depth * (1 + (x % perByte)))) & mask;
    }
  }
  return out;
}

function readPalette({ chunks }: Header, name: string): Palette {
  const body = chunks.find(({ type }) => type === 'PLTE')?.body;
  if (!body || body.length === 0 || body.length % 3 !== 0 || body.length > 768) throw damaged(name, 'has no palette');
  return Array.from({ length: body.length / 3 }, (_, i) => [body[3 * i], body[3 * i + 1], body[3 * i + 2]] as const);
}

function paletteColor(palette: Palette, index: number, name: string) {
  if (index < palette.length) return palette[index];
  throw damaged(name, `uses colour ${index} of a palette of ${palette.length}`);
}

function checkSize(height: number, width: number, length: number, channels: number): void {
  if (height > 0 && width > 0 && height * width * channels === length) return;
  throw new UserError({ given: `${length} values for a PNG of ${height} by ${width} by ${channels}` });
}

/** What is told of a file by its first bytes, whatever its name says. */
function notPng(bytes: Uint8Array, name: string, holds: 'ids' | 'colours'): UserError {
  const kind = fileKind(bytes);
  if (kind === undefined || kind === 'PNG')
    return damaged(name, bytes.length === 0 ? 'is empty' : 'has no PNG signature');
  return new UserError({
    given: `${name} is ${kind}, not PNG`,
    expected: holds === 'ids' ? 'a PNG of one class index per pixel' : 'a PNG of 8-bit RGB',
    remedy:
      kind === 'JPEG'
        ? 'export again from the annotation as PNG: JPEG does not preserve values'
        : `save as ${holds === 'ids' ? 'an 8-bit grey or palette' : 'an RGB'} PNG with the same values`,
  });
}

function damaged(name: string, what: string, cause?: unknown): UserError {
  return new DamagedFile(
    { given: `${name} ${what}`, expected: 'a valid PNG', remedy: 'it is damaged or truncated; download it again' },
    { cause },
  );
}

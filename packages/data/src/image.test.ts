import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UserError } from '@unseen/core';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { decodeImage, decodeImageBytes, imageSize } from './image.ts';
import { writeFiles } from './small-dataset.suite.ts';

interface Tiff {
  readonly values: readonly number[];
  readonly bands: number;
  readonly photometric: number;
  readonly bits?: 8 | 16 | 32;
  /** What the bands after the colours are. */
  readonly extra?: number;
  /** 1 unsigned, 2 signed, 3 floating point. */
  readonly format?: number;
}

/** An uncompressed TIFF of one row. */
function tiff({ values, bands, photometric, bits = 8, extra, format = 1 }: Tiff): Uint8Array {
  const bytes = bits / 8;
  const pixels = Buffer.alloc(bytes * values.length + ((bytes * values.length) % 2));
  values.forEach((value, i) => {
    pixels.writeUIntLE(value, bytes * i, bytes);
  });
  const shorts = (value: number, count: number) => Buffer.from(Uint16Array.from({ length: count }, () => value).buffer);
  const colors = photometric === 1 || photometric === 0 ? 1 : photometric === 5 ? 4 : 3;
  const tables = [shorts(bits, bands), shorts(format, bands), shorts(extra ?? 0, Math.max(1, bands - colors))];
  const at = tables.map((_, i) => 8 + pixels.length + tables.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  const short = (tag: number, table: number) => [
    tag,
    3,
    tables[table].length / 2,
    tables[table].length > 4 ? at[table] : tables[table].readUIntLE(0, Math.min(4, tables[table].length)),
  ];
  const long = (tag: number, value: number) => [tag, 4, 1, value];
  const tags = [
    ...[long(256, values.length / bands), long(257, 1), short(258, 0), long(259, 1), long(262, photometric)],
    ...[long(273, 8), long(277, bands), long(278, 1), long(279, bytes * values.length), long(284, 1)],
    ...(extra === undefined ? [] : [short(338, 2)]),
    short(339, 1),
  ];
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1');
  head.writeUInt32LE(8 + Buffer.concat([pixels, ...tables]).length, 4);
  const entries = tags.map(([tag, type, count, value]) => {
    const entry = Buffer.alloc(12);
    entry.writeUInt16LE(tag, 0);
    entry.writeUInt16LE(type, 2);
    entry.writeUInt32LE(count, 4);
    entry.writeUInt32LE(value, 8);
    return entry;
  });
  return Buffer.concat([head, pixels, ...tables, shorts(tags.length, 1), ...entries, Buffer.alloc(4)]);
}

const gradient = Uint8Array.from({ length: 40 * 60 * 3 }, (_, i) => (i % 3) * 60 + Math.floor(i / 180));
const raw = () => sharp(gradient, { raw: { height: 40, width: 60, channels: 3 } });

/** A PNG of 0 × 0 pixels. */
function zeroPng(): Buffer {
  const chunk = (name: string, data: readonly number[]) => {
    const bytes = Buffer.from([0, 0, 0, data.length, ...Buffer.from(name), ...data, 0, 0, 0, 0]);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
    return bytes;
  };
  const size = [0, 0, 0, 0, 0, 0, 0, 0];
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', [...size, 8, 2, 0, 0, 0]),
    chunk('IEND', []),
  ]);
}

describe('decoding', () => {
  test('lossless files give the exact pixels', async () => {
    for (const bytes of [await raw().png().toBuffer(), await raw().webp({ lossless: true }).toBuffer()]) {
      expect(await decodeImageBytes(bytes, 'x')).toEqual({ height: 40, width: 60, data: gradient });
    }
  });

  test('JPEG is near', async () => {
    const { data } = await decodeImageBytes(await raw().jpeg({ quality: 95 }).toBuffer(), 'x');
    expect(Math.max(...data.map((v, i) => Math.abs(v - gradient[i])))).toBeLessThan(12);
  });

  test('grey is spread, transparency dropped, 16 bits become 8', async () => {
    const grey = await sharp(Uint8Array.of(5, 200), { raw: { height: 1, width: 2, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect([...(await decodeImageBytes(grey, 'x')).data]).toEqual([5, 5, 5, 200, 200, 200]);
    const clear = await sharp(Uint8Array.of(1, 2, 3, 0), { raw: { height: 1, width: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodeImageBytes(clear, 'x')).data]).toEqual([1, 2, 3]);
    const deep = await raw().toColourspace('rgb16').png().toBuffer();
    expect((await decodeImageBytes(deep, 'x')).data).toEqual(gradient);
  });

  // Two pixels: as the file has them, and as they are read.
  const [dark, light] = [[59, 38, 88], [244, 120, 200]]; // biome-ignore format: two colours
  const rgb = Uint8Array.of(...dark, ...light);
  const grey = (first: number, second: number) => Uint8Array.of(first, first, first, second, second, second);
  const deep = (...values: number[]) => values.map((value) => 257 * value);
  test.each<[string, Tiff, Uint8Array]>([
    ['RGB', { values: [...dark, ...light], bands: 3, photometric: 2 }, rgb],
    ['RGB and infrared', { values: [...dark, 7, ...light, 8], bands: 4, photometric: 2, extra: 0 }, rgb],
    ['RGB and a band without a word', { values: [...dark, 7, ...light, 8], bands: 4, photometric: 2 }, rgb],
    ['RGB and alpha', { values: [...dark, 0, ...light, 8], bands: 4, photometric: 2, extra: 2 }, rgb],
    ['RGB and two bands', { values: [...dark, 7, 7, ...light, 8, 8], bands: 5, photometric: 2, extra: 0 }, rgb],
    [
      'RGB and infrared of 16 bits',
      { values: deep(...dark, 7, ...light, 8), bands: 4, photometric: 2, extra: 0, bits: 16 },
      rgb,
    ],
    ['three bands without colours', { values: [...dark, ...light], bands: 3, photometric: 1 }, rgb],
    ['three bands of 16 bits', { values: deep(...dark, ...light), bands: 3, photometric: 1, bits: 16 }, rgb],
    ['grey', { values: [59, 244], bands: 1, photometric: 1 }, grey(59, 244)],
    ['grey of 16 bits', { values: deep(59, 244), bands: 1, photometric: 1, bits: 16 }, grey(59, 244)],
    ['black of 16 bits', { values: [0, 0], bands: 1, photometric: 1, bits: 16 }, grey(0, 0)],
    ['white as 0', { values: [59, 244], bands: 1, photometric: 0 }, grey(196, 11)],
    ['grey and alpha', { values: [59, 0, 244, 9], bands: 2, photometric: 1, extra: 2 }, grey(59, 244)],
    [
      'CMYK',
      { values: [196, 217, 167, 0, 0, 0, 0, 55], bands: 4, photometric: 5 },
      Uint8Array.of(59, 38, 88, 200, 200, 200),
    ],
  ])('TIFF with %s', async (_, file, expected) => {
    expect((await decodeImageBytes(tiff(file), 'x.tif')).data).toEqual(expected);
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'floating-point numbers',
      tiff({ values: [0, 0], bands: 1, photometric: 1, bits: 32, format: 3 }),
      /a\.img holds floating-point numbers.*scale all images/,
    ],
    [
      'signed numbers',
      tiff({ values: [5, 9], bands: 1, photometric: 1, bits: 16, format: 2 }),
      /numbers of the type short/,
    ],
    [
      '8-bit values in 16 bits',
      tiff({ values: [5, 250], bands: 1, photometric: 1, bits: 16 }),
      /values are 0 … 250: it would be black.*save with 8 bits/,
    ],
    [
      'four bands without colours',
      tiff({ values: [1, 2, 3, 4, 5, 6, 7, 8], bands: 4, photometric: 1 }),
      /4 bands without colours/,
    ],
    ['YCbCr', tiff({ values: [1, 2, 3, 4, 5, 6], bands: 3, photometric: 6 }), /is YCbCr without JPEG.*save as RGB/],
    ['SVG', Buffer.from('<?xml version="1.0"?>\n<svg width="1e5" height="1e5"/>'), /\(the file is SVG\).*save as PNG/],
    ['PDF', Buffer.from('%PDF-1.7'), /the file is PDF/],
    ['BMP', Buffer.from('BM12345678'), /the file is BMP/],
    ['HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), /the file is HEIC/],
    ['gzip', Buffer.of(0x1f, 0x8b, 8, 0), /the file is gzip.*unpack it/],
    ['PNG of no size', zeroPng(), /corrupt header\)/],
    ['text', Buffer.from('hello'), /no known format.*replace the file/],
  ])('%s are refused', async (_, bytes, message) => {
    await expect(decodeImageBytes(bytes, 'a.img')).rejects.toThrow(message);
    await expect(decodeImageBytes(bytes, 'a.img')).rejects.toBeInstanceOf(UserError);
  });

  test('more pixels than the limit are refused before they are decoded', async () => {
    const png = Buffer.from(await raw().png().toBuffer());
    png.writeUInt32BE(40_000, 16);
    png.writeUInt32BE(40_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    await expect(decodeImageBytes(png, 'a.png')).rejects.toThrow(/a\.png has more than 268,435,456 pixels.*tiles/);
  });

  test('stacks in TIFF are refused, smaller copies of a picture are not', async () => {
    const page = { width: 60, channels: 3 as const };
    const stack = sharp(gradient, { raw: { ...page, height: 40, pageHeight: 20 } });
    await expect(decodeImageBytes(await stack.tiff().toBuffer(), 'a.tif')).rejects.toThrow(
      /a\.tif is a stack of 2 pictures/,
    );
    const pyramid = await raw()
      .tiff({ pyramid: true, tile: true, tileWidth: 16, tileHeight: 16, compression: 'lzw' })
      .toBuffer();
    expect((await sharp(pyramid).metadata()).pages).toBeGreaterThan(1);
    expect((await decodeImageBytes(pyramid, 'a.tif')).data).toEqual(gradient);
  });

  test('animations give their first picture', async () => {
    const frames = await sharp(Uint8Array.of(9, 9, 9, 200, 200, 200), {
      raw: { width: 1, height: 2, channels: 3, pageHeight: 1 },
    })
      .gif()
      .toBuffer();
    const { height, width } = await decodeImageBytes(frames, 'x.gif');
    expect([height, width]).toEqual([1, 1]);
  });

  test('images are turned upright, and their size is told so', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'turned.png');
    await writeFiles(folder, { 'turned.png': await raw().withMetadata({ orientation: 6 }).png().toBuffer() });
    const image = await decodeImage(path);
    expect([image.height, image.width]).toEqual([60, 40]);
    expect(await imageSize(path)).toEqual({ height: 60, width: 40 });
    // Turned clockwise: the top left pixel was at bottom left.
    expect([...image.data.subarray(0, 3)]).toEqual([...gradient.subarray(39 * 180, 39 * 180 + 3)]);
  });

  test('missing, truncated and foreign files are told with their name', async () => {
    const jpeg = await raw().jpeg().toBuffer();
    const png = await raw().png().toBuffer();
    const webp = await raw().webp().toBuffer();
    for (const bytes of [jpeg, png, webp]) {
      const cut = decodeImageBytes(bytes.subarray(0, Math.floor(bytes.length * 0.6)), 'cut.img');
      await expect(cut).rejects.toThrow(/cut\.img cannot be read as an image/);
      await expect(cut).rejects.toBeInstanceOf(UserError);
    }
    await expect(decodeImageBytes(Buffer.from('hello'), 'note.txt')).rejects.toThrow(/note\.txt cannot be read/);
    await expect(decodeImageBytes(new Uint8Array(), 'none')).rejects.toThrow(/none cannot be read/);
    await expect(decodeImage('/nowhere/a.jpg')).rejects.toThrow('/nowhere/a.jpg does not exist');
    await expect(decodeImage(temporaryFolder())).rejects.toThrow('is a folder');
  });
});

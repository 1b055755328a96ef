import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIndexedPng, decodeRgbPng, encodeIndexedPng, encodeRgbPng, type Palette } from './png.ts';

const shared = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'data');

function chunk(type: string, body: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type), body]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

/** A PNG from scanlines, by the specification. */
function png(options: {
  width: number;
  height: number;
  depth: number;
  color: number;
  rows: Uint8Array[];
  /** Instead of the compressed rows. */
  stream?: Uint8Array;
  interlace?: number;
  extra?: Buffer[];
}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(options.width, 0);
  header.writeUInt32BE(options.height, 4);
  header.set([options.depth, options.color, 0, 0, options.interlace ?? 0], 8);
  const lines = Buffer.concat(options.rows.map((row) => Buffer.concat([Buffer.of(0), row])));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(options.extra ?? []),
    chunk('IDAT', options.stream ?? deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const plte = (count: number) =>
  chunk(
    'PLTE',
    Uint8Array.from({ length: 3 * count }, (_, i) => i % 256),
  );

function pack(row: number[], depth: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((row.length * depth) / 8));
  row.forEach((value, x) => {
    const bit = x * depth;
    bytes[bit >> 3] |= value << (8 - depth - (bit & 7));
  });
  return bytes;
}

const palette: Palette = Array.from({ length: 256 }, (_, i) => [i, 255 - i, (7 * i) % 256] as const);

describe('decodeIndexedPng', () => {
  it('keeps the values of packed palette and grey pictures of any width', () => {
    const picture = fc
      .tuple(
        fc.constantFrom(1, 2, 4, 8),
        fc.constantFrom(0, 3),
        fc.integer({ min: 1, max: 19 }),
        fc.integer({ min: 1, max: 4 }),
      )
      .chain(([depth, color, width, height]) => {
        const value = fc.integer({ min: 0, max: 2 ** depth - 1 });
        const rows = fc.array(fc.array(value, { minLength: width, maxLength: width }), {
          minLength: height,
          maxLength: height,
        });
        return rows.map((values) => ({ depth, color, width, height, values }));
      });
    fc.assert(
      fc.property(picture, ({ depth, color, width, height, values }) => {
        const rows = values.map((row) => pack(row, depth));
        const file = png({ width, height, depth, color, rows, extra: color === 3 ? [plte(2 ** depth)] : [] });
        const { data, ...rest } = decodeIndexedPng(file, 'x.png');
        expect([...data]).toEqual(values.flat());
        expect(rest).toMatchObject({ width, height, kind: color === 3 ? 'palette' : 'gray' });
        expect(rest.palette?.length).toBe(color === 3 ? 2 ** depth : undefined);
      }),
    );
  });

  it('reads 16-bit grey, most significant byte first', () => {
    const file = png({ width: 2, height: 1, depth: 16, color: 0, rows: [Uint8Array.of(1, 2, 255, 254)] });
    const { data } = decodeIndexedPng(file, 'x.png');
    expect(data).toEqual(Uint16Array.of(258, 65534));
  });

  it('reads interlaced pictures of 8 bits and refuses those of fewer', () => {
    const rows = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3, 4)];
    const file = png({ width: 2, height: 2, depth: 8, color: 0, rows, interlace: 1 });
    expect([...decodeIndexedPng(file, 'x.png').data]).toEqual([1, 2, 3, 4]);
    const packed = png({ width: 1, height: 1, depth: 1, color: 0, rows: [Uint8Array.of(128)], interlace: 1 });
    expect(() => decodeIndexedPng(packed, 'x.png')).toThrow('interlaced');
  });

  it('ignores transparency and compressed text', () => {
    const bomb = chunk(
      'iCCP',
      Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(1 << 20)).subarray(0, 30)]),
    );
    const extra = [bomb, plte(2), chunk('tRNS', Uint8Array.of(0))];
    const file = png({ width: 2, height: 1, depth: 8, color: 3, rows: [Uint8Array.of(1, 0)], extra });
    expect(decodeIndexedPng(file, 'x.png')).toMatchObject({
      data: Uint8Array.of(1, 0),
      palette: [
        [0, 1, 2],
        [3, 4, 5],
      ],
    });
  });

  it.each([8, 16])('reads grey with alpha of %i bits if all of it is opaque', (depth) => {
    const wide = (...values: number[]) => Uint8Array.from(values.flatMap((v) => (depth === 16 ? [v, v] : [v])));
    const file = (alpha: number) => png({ width: 2, height: 1, depth, color: 4, rows: [wide(3, 255, 7, alpha)] });
    const unit = depth === 16 ? 257 : 1;
    expect([...decodeIndexedPng(file(255), 'x.png').data]).toEqual([3 * unit, 7 * unit]);
    expect(() => decodeIndexedPng(file(254), 'x.png')).toThrow(
      /x\.png has transparent pixels.*give transparent pixels a value/,
    );
  });

  it.each([
    ['TIFF', 'II*\0'],
    ['JPEG', '\xff\xd8\xff\xe0'],
    ['GIF', 'GIF89a'],
    ['NPY', '\x93NUMPY'],
    ['WebP', 'RIFF\x10\0\0\0WEBPVP8 '],
    ['SVG', '<svg>'],
    ['AVIF', '\0\0\0\x1cftypavif'],
  ])('names %s by its content', (kind, bytes) => {
    expect(() => decodeIndexedPng(Buffer.from(bytes, 'latin1'), 'a.png')).toThrow(
      `a.png is ${kind}, not PNG; expected`,
    );
    expect(() => decodeRgbPng(Buffer.from(bytes, 'latin1'), 'a.png')).toThrow(
      /expected a PNG of 8-bit RGB; (save as an RGB PNG with the same values|export again)/,
    );
  });

  it.each([2, 6])('refuses pictures of colour type %i', (color) => {
    const file = png({
      width: 1,
      height: 1,
      depth: 8,
      color,
      rows: [new Uint8Array(color === 2 ? 3 : 4)],
    });
    expect(() => decodeIndexedPng(file, 'mask.png')).toThrow(
      /mask\.png is a colour picture .* expected one class index/,
    );
  });

  it.each([
    ['fewer rows than promised', { width: 2, height: 3, depth: 8, color: 0, rows: [Uint8Array.of(1, 2)] }, '3 by 2'],
    [
      'more rows than promised',
      { width: 1, height: 1, depth: 8, color: 0, rows: [Uint8Array.of(1), Uint8Array.of(1)] },
      '1 by 1',
    ],
    ['a huge size', { width: 2 ** 31, height: 2 ** 31, depth: 8, color: 0, rows: [Uint8Array.of(1)] }, 'does not hold'],
    ['no width', { width: 0, height: 1, depth: 8, color: 0, rows: [] }, '1 by 0'],
    ['3 bits', { width: 1, height: 1, depth: 3, color: 0, rows: [Uint8Array.of(1)] }, 'impossible header'],
    ['no palette', { width: 1, height: 1, depth: 8, color: 3, rows: [Uint8Array.of(1)] }, 'no palette'],
  ])('refuses %s', (_, options, message) => {
    expect(() => decodeIndexedPng(png(options), 'bad.png')).toThrow(`bad.png `);
    expect(() => decodeIndexedPng(png(options), 'bad.png')).toThrow(message);
  });

  it('answers any damage with a UserError', () => {
    const good = Buffer.from(encodeIndexedPng({ width: 4, height: 4, data: new Uint8Array(16).fill(3), palette }));
    const damage = fc.oneof(
      fc.nat(good.length - 1).map((length) => good.subarray(0, length)),
      fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
        const bytes = Buffer.from(good);
        bytes[at] ^= by;
        return bytes;
      }),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(damage, (bytes) => {
        for (const decode of [decodeIndexedPng, decodeRgbPng]) expect(() => decode(bytes, 'x')).toThrow(UserError);
      }),
      { numRuns: 300 },
    );
  });

  it('answers damage behind right checksums with a UserError or a picture of the promised size', () => {
    const rows = Array.from({ length: 3 }, (_, y) => Uint8Array.of(y, 7, 2 * y, 255));
    const header = fc.record({
      width: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.nat(0xffffffff)),
      height: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.nat(0xffffffff)),
      depth: fc.constantFrom(1, 2, 4, 8, 16, 3),
      color: fc.constantFrom(0, 2, 3, 4, 6, 1),
      interlace: fc.constantFrom(0, 1, 2),
    });
    const stream = deflateSync(Buffer.concat(rows.map((row) => Buffer.concat([Buffer.of(0), row]))));
    const content = fc.tuple(fc.nat(stream.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(stream);
      bytes[at] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(header, content, fc.nat(4), (head, body, filter) => {
        const files = [
          png({ ...head, rows, extra: [plte(4)] }),
          png({ width: 4, height: 3, depth: 8, color: 0, rows: [], stream: body }),
          png({
            width: 4,
            height: 1,
            depth: 8,
            color: 0,
            rows: [],
            stream: deflateSync(Buffer.of(filter * 2, 1, 2, 3, 4)),
          }),
        ];
        for (const bytes of files) {
          for (const [decode, channels] of [
            [decodeIndexedPng, 1],
            [decodeRgbPng, 3],
          ] as const) {
            try {
              const { data, height, width } = decode(bytes, 'x');
              expect(data.length).toBe(height * width * channels);
            } catch (error) {
              expect(error).toBeInstanceOf(UserError);
            }
          }
        }
      }),
      { numRuns: 250 },
    );
  });
});

describe('encodeIndexedPng', () => {
  it('round-trips palette, grey and 16-bit pictures', () => {
    const data = Uint8Array.of(0, 255, 7, 21, 1, 2);
    expect(decodeIndexedPng(encodeIndexedPng({ height: 2, width: 3, data, palette }), 'x')).toEqual({
      height: 2,
      width: 3,
      data,
      kind: 'palette',
      palette,
    });
    expect(decodeIndexedPng(encodeIndexedPng({ height: 3, width: 2, data }), 'x')).toMatchObject({
      kind: 'gray',
      data,
    });
    const wide = Uint16Array.of(0, 65535, 258);
    expect(decodeIndexedPng(encodeIndexedPng({ height: 1, width: 3, data: wide }), 'x').data).toEqual(wide);
  });

  it('refuses indices without a colour and sizes that do not fit', () => {
    const data = Uint8Array.of(0, 2);
    expect(() => encodeIndexedPng({ height: 1, width: 2, data, palette: palette.slice(0, 2) })).toThrow('index 2');
    expect(() => encodeIndexedPng({ height: 2, width: 2, data })).toThrow('2 values for a PNG of 2 by 2');
  });
});

describe('RGB', () => {
  it('round-trips', () => {
    const picture = { height: 2, width: 2, data: Uint8Array.from({ length: 12 }, (_, i) => 20 * i) };
    expect(decodeRgbPng(encodeRgbPng(picture), 'x')).toEqual(picture);
  });

  it('expands palettes, grey and opaque alpha', () => {
    const indexed = encodeIndexedPng({ height: 1, width: 2, data: Uint8Array.of(3, 0), palette });
    expect([...decodeRgbPng(indexed, 'x').data]).toEqual([3, 252, 21, 0, 255, 0]);
    const gray = png({ width: 2, height: 1, depth: 2, color: 0, rows: [pack([1, 3], 2)] });
    expect([...decodeRgbPng(gray, 'x').data]).toEqual([85, 85, 85, 255, 255, 255]);
    const alpha = (a: number) => png({ width: 1, height: 1, depth: 8, color: 6, rows: [Uint8Array.of(1, 2, 3, a)] });
    expect([...decodeRgbPng(alpha(255), 'x').data]).toEqual([1, 2, 3]);
    expect(() => decodeRgbPng(alpha(254), 'x')).toThrow('transparent');
  });

  it('refuses 16 bits a channel', () => {
    const deep = png({ width: 1, height: 1, depth: 16, color: 0, rows: [Uint8Array.of(1, 2)] });
    expect(() => decodeRgbPng(deep, 'x')).toThrow('16 bits');
  });
});

describe.skipIf(!existsSync(shared))('real masks (skipped without ../shared)', () => {
  it('reads a Pascal VOC mask with its palette', () => {
    const id = readFileSync(join(shared, 'voc12/ImageSets/Segmentation/val.txt'), 'utf8').split('\n')[0].trim();
    const path = join(shared, `voc12/SegmentationClass/${id}.png`);
    const mask = decodeIndexedPng(readFileSync(path), path);
    expect(mask.kind).toBe('palette');
    expect(mask.palette?.[1]).toEqual([128, 0, 0]);
    expect([...mask.data].every((value) => value <= 20 || value === 255)).toBe(true);
  });
});

it('gives what RGB bytes hold of any picture, where losses are allowed', () => {
  const lossy = (options: Parameters<typeof png>[0]) => [...decodeRgbPng(png(options), 'x.png', { lossy: true }).data];
  const one = { width: 1, height: 1 };
  expect(lossy({ ...one, depth: 8, color: 6, rows: [Uint8Array.of(1, 2, 3, 0)] })).toEqual([1, 2, 3]);
  expect(lossy({ ...one, depth: 16, color: 2, rows: [Uint8Array.of(200, 1, 7, 255, 0, 9)] })).toEqual([200, 7, 0]);
  expect(lossy({ ...one, depth: 16, color: 2, rows: [Uint8Array.of(0, 1, 0, 2, 0, 9)] })).toEqual([1, 2, 9]);
});

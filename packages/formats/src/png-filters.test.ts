import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { unfilter } from './png-filters.ts';

/** A picture with the given filtered rows, for an independent decoder. */
function pngOf(width: number, height: number, channels: number, rows: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, { 1: 0, 3: 2, 4: 6 }[channels] ?? 0], 8);
  const chunk = (type: string, body: Uint8Array) => {
    const typed = Buffer.concat([Buffer.from(type), body]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    sum.writeUInt32BE(crc32(typed));
    return Buffer.concat([length, typed, sum]);
  };
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.of()),
  ]);
}

test('all filters are undone as another decoder does it', () => {
  const picture = fc
    .record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 6 }),
      channels: fc.constantFrom(1, 3, 4),
    })
    .chain((size) => {
      const length = size.width * size.channels;
      const row = fc.tuple(fc.nat(4), fc.uint8Array({ minLength: length, maxLength: length }));
      return fc.record({
        size: fc.constant(size),
        rows: fc.array(row, { minLength: size.height, maxLength: size.height }),
      });
    });
  fc.assert(
    fc.property(picture, ({ size: { width, height, channels }, rows }) => {
      const bytes = Buffer.concat(rows.map(([type, row]) => Buffer.concat([Buffer.of(type), row])));
      const { data } = decode(pngOf(width, height, channels, bytes));
      expect([...(unfilter(bytes, width * channels, channels) ?? [])]).toEqual([...data]);
    }),
    { numRuns: 150 },
  );
});

test('an unknown filter is told', () => {
  expect(unfilter(Uint8Array.of(0, 1, 5, 1), 1, 1)).toBeUndefined();
});

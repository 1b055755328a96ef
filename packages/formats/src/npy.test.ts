import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { decodeNpy, encodeNpy, type NpyArray, readNpy, writeNpy } from './npy.ts';

const shared = join(
  process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'),
  'data/wordvec/classes',
);

function file(header: string, data: Uint8Array, version = 1): Buffer {
  const head = Buffer.alloc(version === 1 ? 10 : 12);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(header.length, 8);
  else head.writeUInt32LE(header.length, 8);
  return Buffer.concat([head, Buffer.from(header), data]);
}

const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

describe('npy', () => {
  it('gives back what was encoded, for every type and shape', () => {
    const types = [Float32Array, Float64Array, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array];
    const array = fc
      .tuple(fc.constantFrom(...types), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }))
      .map(([Type, shape]): NpyArray => {
        const values = new Type(shape.reduce((a, b) => a * b, 1)).map((_, i) => i - 3);
        return { shape, values };
      });
    fc.assert(
      fc.property(array, (given) => {
        expect(decodeNpy(encodeNpy(given), 'x.npy')).toEqual(given);
      }),
    );
    const long = { shape: [2], values: BigInt64Array.of(-1n, 2n ** 62n) };
    expect(decodeNpy(encodeNpy(long), 'x.npy')).toEqual(long);
  });

  it('writes the header that NumPy writes, with the data aligned', () => {
    const bytes = Buffer.from(encodeNpy({ shape: [3], values: Float32Array.of(1, 2, 3) }));
    expect(bytes.length).toBe(128 + 12);
    expect(bytes.toString('latin1', 10, 69)).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }  ");
    expect(bytes[127]).toBe(10);
  });

  it('turns Fortran order into C order', () => {
    const [d0, d1, d2] = [2, 3, 4];
    const data = new Float32Array(24);
    for (let i = 0; i < d0; i++)
      for (let j = 0; j < d1; j++) for (let k = 0; k < d2; k++) data[i + d0 * (j + d1 * k)] = 100 * i + 10 * j + k;
    const bytes = file(header('<f4', '(2, 3, 4)', 'True'), new Uint8Array(data.buffer), 2);
    const { values } = decodeNpy(bytes, 'x.npy');
    expect(values[0 * 12 + 2 * 4 + 3]).toBe(23);
    expect(values[1 * 12 + 1 * 4 + 2]).toBe(112);
  });

  it('reads big-endian numbers, half floats, booleans and the long integers of Python 2 shapes', () => {
    expect([...decodeNpy(file(header('>i2', '(2L,)'), Uint8Array.of(1, 2, 255, 255)), 'x').values]).toEqual([258, -1]);
    expect([...decodeNpy(file(header('|b1', '(2,)'), Uint8Array.of(1, 0)), 'x').values]).toEqual([1, 0]);
    expect([...decodeNpy(file(header('<f2', '(2,)'), Uint8Array.of(0, 0x3c, 0, 0xc0)), 'x').values]).toEqual([1, -2]);
    expect(decodeNpy(file(header('<f8', '()'), new Uint8Array(8)), 'x').shape).toEqual([]);
  });

  it.each([
    ['objects', file(header('|O', '(2,)'), new Uint8Array(9)), "type '|O'"],
    ['complex numbers', file(header('<c8', '(2,)'), new Uint8Array(16)), "type '<c8'"],
    ['a huge header', file(`${header('<f4', '(1,)')}${' '.repeat(70_000)}`, new Uint8Array(4), 2), 'header of 70'],
    [
      'records',
      file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", new Uint8Array(4)),
      'record',
    ],
    ['too few data', file(header('<f4', '(2,)'), new Uint8Array(7)), '7 bytes of data for the shape (2), not 8'],
    ['too many data', file(header('<f4', '(2,)'), new Uint8Array(9)), '9 bytes'],
    ['a huge shape', file(header('<f4', '(99999999, 99999999, 99999999)'), new Uint8Array(4)), '4 bytes'],
    ['an impossible shape', file(header('<f4', `(${'9'.repeat(40)},)`), new Uint8Array(4)), 'impossible shape'],
    ['a negative shape', file(header('<f4', '(-1,)'), new Uint8Array(4)), 'that NumPy does not write'],
    ['another format', file(header('<f4', '(1,)'), new Uint8Array(4), 9), 'format 9'],
    ['a cut header', file(header('<f4', '(1,)'), new Uint8Array(0)).subarray(0, 40), 'inside its header'],
    ['other files', Buffer.from('PK\x03\x04 a zip file'), 'no NumPy signature'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes, 'bad.npy')).toThrow(message);
    expect(() => decodeNpy(bytes, 'bad.npy')).toThrow(/^bad\.npy /);
  });

  it('answers any damage with a UserError or an array', () => {
    const good = encodeNpy({ shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
        const bytes = Uint8Array.from(good);
        bytes[at] = byte;
        try {
          decodeNpy(cut ? bytes.subarray(0, at) : bytes, 'x');
          expect(cut).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('writes files and explains missing ones', async () => {
    const folder = temporaryFolder();
    const array = { shape: [2], values: Uint8Array.of(7, 8) };
    await writeNpy(join(folder, 'a.npy'), array);
    expect(await readNpy(join(folder, 'a.npy'))).toEqual(array);
    await expect(readNpy(join(folder, 'b.npy'))).rejects.toThrow('does not exist');
  });

  it.skipIf(!existsSync(shared))('reads published tables (skipped without ../shared)', async () => {
    for (const [name, shape] of [
      ['zs3/pascalcontext_class_w2c.npy', [60, 300]],
      ['cocostuff/fasttext.npy', [182, 300]],
      ['voc12/novel_cls.npy', [5]],
    ] as const) {
      const array = await readNpy(join(shared, name));
      expect(array.shape).toEqual(shape);
      expect(array.values.length).toBe(shape.reduce<number>((a, b) => a * b, 1));
    }
  });
});

import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedFile, UserError } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import type { StoredTensor } from './tensor-values.ts';

const fixtures = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'fixtures');
const folder = temporaryFolder();

const TYPES = [Float32Array, Float64Array, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array];

async function readAll(path: string): Promise<Map<string, StoredTensor>> {
  const file = await openSafetensors(path);
  try {
    const all = new Map<string, StoredTensor>();
    for (const name of file.names) all.set(name, await file.read(name));
    return all;
  } finally {
    await file.close();
  }
}

async function raw(header: string, data: Uint8Array = new Uint8Array(0), length?: bigint): Promise<string> {
  const path = join(folder, 'raw.safetensors');
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(Buffer.byteLength(header)));
  await writeFile(path, Buffer.concat([start, Buffer.from(header), data]));
  return path;
}

const entry = (dtype: string, shape: number[], from: number, to: number) =>
  JSON.stringify({ dtype, shape, data_offsets: [from, to] });

describe('safetensors', () => {
  it('gives back what was written, for every type, name and shape', async () => {
    const tensor = fc
      .tuple(fc.constantFrom(...TYPES), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }))
      .map(([Type, shape]): StoredTensor => {
        const values = new Type(shape.reduce((a, b) => a * b, 1)).map((_, i) => i - 3);
        return { shape, values };
      });
    const path = join(folder, 'round.safetensors');
    const name = fc.string().filter((text) => text !== '__metadata__');
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, tensor),
        fc.dictionary(fc.string(), fc.string()),
        async (named, metadata) => {
          await writeSafetensors(path, Object.entries(named), metadata);
          const tensors = await readAll(path);
          expect(Object.fromEntries(tensors)).toEqual({ ...named });
          const file = await openSafetensors(path);
          expect({ ...file.metadata }).toEqual({ ...metadata });
          await file.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps names that objects have by nature', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__metadata'];
    const tensors = names.map((name, i): [string, StoredTensor] => [name, { shape: [1], values: Float32Array.of(i) }]);
    const path = join(folder, 'names');
    await writeSafetensors(path, tensors, Object.fromEntries(names.map((name) => [name, name])));
    expect(await readAll(path)).toEqual(new Map(tensors));
    const file = await openSafetensors(path);
    expect(Object.entries(file.metadata)).toEqual(names.map((name) => [name, name]));
    await file.close();
  });

  it('writes 64-bit integers and equal bytes for equal input, aligned', async () => {
    const tensors: [string, StoredTensor][] = [
      ['b', { shape: [3], values: Uint8Array.of(1, 2, 3) }],
      ['n', { shape: [1], values: BigInt64Array.of(-(2n ** 62n)) }],
      ['u', { shape: [1], values: BigUint64Array.of(2n ** 63n) }],
    ];
    const paths = ['one', 'two'].map((name) => join(folder, name));
    for (const path of paths) await writeSafetensors(path, tensors);
    expect(await readFile(paths[0])).toEqual(await readFile(paths[1]));
    expect(Object.fromEntries(await readAll(paths[0]))).toEqual(Object.fromEntries(tensors));
    const file = await openSafetensors(paths[0]);
    expect(file.info('n').range[0] % 8).toBe(0);
    await file.close();
  });

  it('reads 16-bit floats as float32', async () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x3555);
    const brains = Uint16Array.of(0x3f80, 0xc000, 0x7f80);
    const header = `{"h":${entry('F16', [6], 0, 12)},"b":${entry('BF16', [3], 12, 18)}}`;
    const data = Buffer.concat([Buffer.from(halves.buffer), Buffer.from(brains.buffer)]);
    const file = await openSafetensors(await raw(header, data));
    const { values } = await file.readFloat32('h');
    expect([...values]).toEqual([1, -2, 2 ** -24, 65504, Number.POSITIVE_INFINITY, Math.fround(1365 * 2 ** -12)]);
    expect([...(await file.readFloat32('b')).values]).toEqual([1, -2, Number.POSITIVE_INFINITY]);
    await file.close();
  });

  it('explains missing tensors and wrong types', async () => {
    const path = join(folder, 'types');
    await writeSafetensors(path, [['conv1.weight', { shape: [1], values: Int32Array.of(1) }]]);
    const file = await openSafetensors(path);
    expect(() => file.info('conv1.weigth')).toThrow("did you mean 'conv1.weight'?");
    await expect(file.readFloat32('conv1.weight')).rejects.toThrow('is of type I32; expected F32');
    await file.close();
    await expect(openSafetensors(join(folder, 'absent'))).rejects.toThrow('does not exist');
  });

  it.each([
    ['a promised header longer than the file', '{}', 0, 1n << 60n, 'declares a header'],
    ['text that is not JSON', '{"a":', 0, undefined, 'not valid JSON'],
    ['deep nesting', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 0, undefined, 'nested more than 500 deep'],
    ['a list', '[1, 2, 3]', 0, undefined, 'not a JSON object'],
    [
      'a name given twice',
      `{"a":${entry('U8', [1], 0, 1)},"\\u0061":${entry('U8', [1], 1, 2)}}`,
      2,
      undefined,
      'twice',
    ],
    ['an overlap', `{"a":${entry('U8', [2], 0, 2)},"b":${entry('U8', [2], 1, 3)}}`, 3, undefined, 'overlap'],
    ['a hole', `{"a":${entry('U8', [1], 1, 2)}}`, 2, undefined, 'belong to none'],
    ['bytes left over', `{"a":${entry('U8', [1], 0, 1)}}`, 2, undefined, 'after its last tensor'],
    ['an offset beyond the end', `{"a":${entry('U8', [9], 0, 9)}}`, 2, undefined, 'outside its 2 data bytes'],
    ['a negative offset', `{"a":${entry('U8', [1], -1, 0)}}`, 2, undefined, 'outside'],
    ['another size than the shape', `{"a":${entry('F32', [2], 0, 4)}}`, 4, undefined, '4 bytes for F32 [2]'],
    ['a huge shape', `{"a":${entry('F32', [1e9, 1e9, 1e9], 0, 4)}}`, 4, undefined, '4 bytes for'],
    ['a negative shape', `{"a":${entry('U8', [-1], 0, 1)}}`, 1, undefined, 'shape [-1]'],
    ['an unknown type', `{"a":${entry('F4', [1], 0, 1)}}`, 1, undefined, 'one of: F64, F32'],
    ['no type', '{"a":{}}', 1, undefined, "tensor 'a' is of type none; expected one of"],
    ['no shape', '{"a":{"dtype":"U8"}}', 1, undefined, 'the shape none'],
    ['no place', '{"a":{"dtype":"U8","shape":[1]}}', 1, undefined, 'at no place, outside'],
    ['a number as metadata', '{"__metadata__":{"a":1}}', 0, undefined, 'not text'],
  ] as const)('refuses %s', async (_, header, bytes, length, message) => {
    const path = await raw(header, new Uint8Array(bytes), length);
    const error = await openSafetensors(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(message);
    expect((error as UserError).message).toContain(path);
  });

  it('finds every changed byte, and every cut, or the content is what was written', async () => {
    const path = join(folder, 'fuzz');
    const tensors = {
      a: { shape: [2], values: Float32Array.of(1, 2) },
      b: { shape: [2], values: Float32Array.of(1, 3) },
    };
    await writeSafetensors(path, Object.entries(tensors), { kind: 'test' });
    const good = await readFile(path);
    const damaged = join(folder, 'damaged');
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(change, async ([at, byte, cut]) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        await writeFile(damaged, cut ? bytes.subarray(0, at) : bytes);
        const result = await readAll(damaged).catch((error: unknown) => error);
        if (cut || !(result instanceof Map)) expect(result).toBeInstanceOf(UserError);
        else expect(Object.fromEntries(result)).toEqual(tensors);
      }),
      { numRuns: 300 },
    );
  });

  it('tells a changed bit of a tensor, of its place and of the metadata as damage', async () => {
    const path = join(folder, 'bits');
    const good = { shape: [1], values: Float32Array.of(1) };
    await writeSafetensors(
      path,
      [
        ['first', good],
        ['other', { shape: [1], values: Float32Array.of(2) }],
      ],
      { kind: 'test' },
    );
    const bytes = await readFile(path);
    const changed = async (from: string | number, to: string | number) => {
      const copy = Buffer.from(bytes);
      if (typeof from === 'number') copy[copy.length - from] ^= Number(to);
      else copy.write(String(to), copy.indexOf(from));
      await writeFile(path, copy);
      return readAll(path).catch((error: unknown) => error);
    };
    const wrong = { name: 'UserError', message: expect.stringContaining('wrong checksum') };
    const results = [
      await changed(1, 0x40),
      await changed('"test"', '"tess"'),
      await changed('"first":{"dtype', '"firsd":{"dtype'),
      await changed(
        'data_offsets":[0,4]},"other":{"dtype":"F32","shape":[1],"data_offsets":[4,8]',
        'data_offsets":[4,8]},"other":{"dtype":"F32","shape":[1],"data_offsets":[0,4]',
      ),
      await changed('"F32"', '"I32"'),
    ];
    for (const result of results) {
      expect(result).toBeInstanceOf(DamagedFile);
      expect(result).toMatchObject(wrong);
    }
  });

  it('reads files without checksums as they are', async () => {
    const file = await openSafetensors(await raw(`{"a":${entry('F32', [1], 0, 4)}}`, new Uint8Array(4)));
    expect((await file.read('a')).values).toEqual(Float32Array.of(0));
    await file.close();
  });

  it('refuses to write what would not be readable', async () => {
    const one = { shape: [1], values: Float32Array.of(1) };
    const path = join(folder, 'unwritten');
    await expect(
      writeSafetensors(path, [
        ['a', one],
        ['a', one],
      ]),
    ).rejects.toThrow('named twice');
    await expect(writeSafetensors(path, [['a', { ...one, shape: [2] }]])).rejects.toThrow('1 values for the shape [2]');
    await expect(writeSafetensors(path, [['__metadata__', one]])).rejects.toThrow('reserved');
    expect(existsSync(path)).toBe(false);
  });

  it.skipIf(!existsSync(fixtures))('reads the reference fixtures (skipped without ../shared)', async () => {
    const files = readdirSync(fixtures).filter((name) => name.endsWith('.safetensors'));
    expect(files.length).toBeGreaterThan(10);
    for (const name of files) {
      const file = await openSafetensors(join(fixtures, name));
      expect(file.names.length).toBeGreaterThan(0);
      const first = await file.read(file.names[0]);
      expect(first.values.length).toBe(first.shape.reduce((a, b) => a * b, 1));
      await file.close();
    }
  });
});

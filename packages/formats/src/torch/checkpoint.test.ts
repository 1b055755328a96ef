import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openWeights } from '../open-weights.ts';
import { counts, integer, pickleBytes, text } from '../pickle/bytes.suite.ts';
import type { TensorValues } from '../tensor-values.ts';
import { zipBytes } from '../zip-writer.suite.ts';
import { legacyCheckpoint, type WrittenCheckpoint, zipCheckpoint } from './checkpoint-writer.suite.ts';

const data = join(import.meta.dirname, '../../test-data');
let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'checkpoint.pth');
});

async function readAll(file: string): Promise<Record<string, TensorValues>> {
  const weights = await openWeights(file);
  try {
    const all: Record<string, TensorValues> = {};
    for (const { name } of weights.tensors) all[name] = (await weights.read(name)).values;
    return all;
  } finally {
    await weights.close();
  }
}

async function readBytes(content: Uint8Array): Promise<Record<string, TensorValues>> {
  await writeFile(path, content);
  return readAll(path);
}

const FORMS = [
  ['zip', zipCheckpoint],
  ['legacy', legacyCheckpoint],
] as const;

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const one: WrittenCheckpoint = {
  storages: { '0': { type: 'FloatStorage', content: floats(0, 1, 2, 3, 4, 5), elements: 6 } },
  tensors: { w: { storage: '0', shape: [2, 3], strides: [3, 1] } },
};

describe('files written by PyTorch', () => {
  it.each(['zip.pth', 'legacy.pth', 'protocol4.pth'])('reads %s', async (name) => {
    const weights = await openWeights(join(data, name));
    expect(weights.format).toBe(name === 'legacy.pth' ? 'pytorch-legacy' : 'pytorch-zip');
    expect(weights.tensors.map(({ name, shape, dtype, bytes }) => [name, shape, dtype, bytes])).toEqual([
      ['conv.weight', [3, 2, 2, 2], 'F32', 96],
      ['conv.bias', [3], 'F32', 12],
      ['norm.weight', [3], 'F32', 12],
      ['norm.bias', [3], 'F32', 12],
      ['norm.running_mean', [3], 'F32', 12],
      ['norm.running_var', [3], 'F32', 12],
      ['norm.num_batches_tracked', [], 'I64', 8],
    ]);
    const { values } = await weights.readFloat32('norm.running_var');
    expect([...values]).toEqual([9, 9.25, 9.5]);
    await weights.close();
  });

  it.each(['kinds-zip.pth', 'kinds-legacy.pth'])('reads every element type and kind of view: %s', async (name) => {
    const values = await readAll(join(data, name));
    const expected: Record<string, TensorValues> = {
      shared_a: Float32Array.of(0, 1, 2, 3, 4, 5),
      shared_b: Float32Array.of(3, 4, 5, 6, 7, 8),
      transposed: Float32Array.of(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11),
      strided: Float32Array.of(1, 4, 7, 10),
      repeated: Float32Array.of(2, 2, 2, 2, 2, 2),
      half: Float32Array.of(1.5, -2, 65504, 2 ** -24),
      half_view: Float32Array.of(0, 3, 1, 4, 2, 5),
      brain: Float32Array.of(1.5, -2, 226 * 2 ** 120),
      double: Float64Array.of(0.1, 1e300),
      long: BigInt64Array.of(2n ** 62n, -1n),
      int: Int32Array.of(-5, 6),
      short: Int16Array.of(-5, 6),
      char: Int8Array.of(-5, 6),
      byte: Uint8Array.of(250, 6),
      bool: Uint8Array.of(1, 0),
      scalar: Float32Array.of(2.5),
      empty: new Float32Array(0),
      channels_last: Float32Array.from({ length: 24 }, (_, i) => i),
      parameter: Float32Array.of(1, 2),
    };
    expect(values).toEqual(expected);
  });

  it('names the class of a whole module, which it does not load', async () => {
    await expect(openWeights(join(data, 'whole-module.pth'))).rejects.toThrow(
      /refers to '__main__\.Net', at byte \d+.*model\.state_dict\(\)/,
    );
  });
});

describe.each(FORMS)('checkpoints in the %s form', (_, write) => {
  it('reads any view of a storage', async () => {
    const dimension = fc.record({ size: fc.nat(4), stride: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(fc.array(dimension, { maxLength: 4 }), fc.nat(5), async (dimensions, offset) => {
        const shape = dimensions.map(({ size }) => size);
        const strides = dimensions.map(({ stride }) => stride);
        const numbers = Float32Array.from({ length: 100 }, (_, i) => i);
        const read = await readBytes(
          write({
            storages: { a: { type: 'FloatStorage', content: new Uint8Array(numbers.buffer), elements: 100 } },
            tensors: { t: { storage: 'a', offset, shape, strides } },
          }),
        );
        let expected = [offset];
        for (const { size, stride } of dimensions) {
          expected = expected.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * stride));
        }
        expect([...read.t]).toEqual(expected);
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it.each<[string, Partial<WrittenCheckpoint['tensors'][string]>, string]>([
    ['beyond the storage', { shape: [2, 4], strides: [4, 1] }, 'reaches to element 8 of 6'],
    ['with an offset beyond it', { offset: 1 }, 'reaches to element 7 of 6'],
    ['with a negative offset', { offset: -1 }, 'impossible strides'],
    ['with negative strides', { strides: [3, -1] }, 'impossible strides'],
    ['with too few strides', { strides: [1] }, 'impossible strides'],
    ['with a negative size', { shape: [-2, 3] }, 'impossible shape'],
    ['that repeats its storage a billion times', { shape: [1e9], strides: [0] }, 'repeats a storage of 6 elements'],
    ['whose size overflows', { shape: Array(9).fill(1e9), strides: Array(9).fill(0) }, 'impossible shape'],
  ])('refuses a tensor %s', async (_, change, message) => {
    const reading = readBytes(write({ ...one, tensors: { w: { ...one.tensors.w, ...change } } }));
    await expect(reading).rejects.toThrow(message);
  });

  it('refuses storages that are shorter than promised, missing or of unknown types', async () => {
    const storage = one.storages['0'];
    const short = { ...one, storages: { '0': { ...storage, content: floats(1, 2) } } };
    await expect(readBytes(write(short))).rejects.toThrow(
      /promises 24 bytes in the storage '0', which has 8|ends within the storage '0'/,
    );
    const huge = { ...one, storages: { '0': { ...storage, elements: 2 ** 30 } } };
    await expect(readBytes(write(huge))).rejects.toThrow(/promises 4294967296 bytes|ends within the storage/);
    const pickle = write(one);
    const missing = Buffer.from(pickle.toString('latin1').replaceAll('data/0', 'data/1'), 'latin1');
    if (write === zipCheckpoint) await expect(readBytes(missing)).rejects.toThrow('which the archive lacks');
    const complex = { ...one, storages: { '0': { ...storage, type: 'ComplexFloatStorage' } } };
    await expect(readBytes(write(complex))).rejects.toThrow("refers to 'torch.ComplexFloatStorage'");
  });

  it.each<[string, Buffer, string]>([
    ['a command', pickleBytes('\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.'), "refers to 'os.system'"],
    ['an import by a storage', pickleBytes('\x80\x02(', text('storage'), 'cos\nsystem\ntQ.'), "'os.system'"],
    ['a module by its source', pickleBytes('\x80\x02(', text('module'), 'NNNtQ.'), "is not a storage ('module')"],
    ['a storage by its name', pickleBytes('\x80\x02(', text('storage'), text('os.system'), 'NNNtQ.'), 'unknown type'],
    ['an id of text', pickleBytes('\x80\x02Pos.system\n.'), 'is not a storage'],
    [
      'a builder within a builder',
      pickleBytes('\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nN)NtR.'),
      'a tensor of an unknown kind',
    ],
    [
      'a tensor on nothing',
      pickleBytes('\x80\x02ctorch._utils\n_rebuild_tensor\n(N', integer(0), counts([]), counts([]), 'tR.'),
      'without a storage',
    ],
    ['the loading of bytes', pickleBytes('\x80\x02ctorch.storage\n_load_from_bytes\n.'), '_load_from_bytes'],
    ['no tensors', pickleBytes('\x80\x02}', text('epoch'), 'K\x01s.'), 'holds no tensors, but a dictionary of epoch'],
  ])('refuses %s', async (_, pickle, message) => {
    const file = write({ storages: {}, tensors: {} }, pickle);
    await expect(readBytes(file)).rejects.toThrow(message);
    await expect(readBytes(file)).rejects.toBeInstanceOf(UserError);
  });
});

describe('what only one form has', () => {
  it('reads tensors whose type is not that of their storage', async () => {
    const pickle = pickleBytes(
      '\x80\x02}',
      text('w'),
      'ctorch._utils\n_rebuild_tensor_v3\n((',
      text('storage'),
      'ctorch.storage\nUntypedStorage\n',
      text('0'),
      text('cpu'),
      integer(8),
      'tQ',
      integer(1),
      counts([3]),
      counts([1]),
      '\x89ccollections\nOrderedDict\n)Rctorch\nuint16\ntRs.',
    );
    const content = new Uint8Array(Uint16Array.of(1, 2, 3, 65535).buffer);
    const storages = { '0': { type: '', content, elements: 8 } };
    expect(await readBytes(zipCheckpoint({ storages, tensors: {} }, pickle))).toEqual({
      w: Uint16Array.of(2, 3, 65535),
    });
    const long = Buffer.from(pickle.toString('latin1').replace('uint16', 'uint64'), 'latin1');
    await expect(readBytes(zipCheckpoint({ storages, tensors: {} }, long))).rejects.toThrow(
      'reaches to element 4 of 1',
    );
  });

  it('refuses programs, foreign byte orders and pickles that grow out of nothing', async () => {
    const file = (name: string, content: string | Uint8Array, compress = false) => ({
      name: `archive/${name}`,
      content: Buffer.from(content),
      compress,
    });
    await expect(readBytes(zipBytes([file('data.pkl', 'N.'), file('constants.pkl', 'N.')]))).rejects.toThrow(
      'TorchScript',
    );
    await expect(readBytes(zipBytes([file('data.pkl', 'N.'), file('byteorder', 'big')]))).rejects.toThrow(
      'byte order "big"',
    );
    const device = pickleBytes('ctorch\ndevice\n)', '2\x86'.repeat(60), '\x85R.');
    await expect(readBytes(zipCheckpoint(one, device))).rejects.toThrow('a device that is not a name');
    const bomb = zipBytes([file('data.pkl', Buffer.alloc(2 ** 25, 'N'), true)]);
    await expect(readBytes(bomb)).rejects.toThrow(`a pickle of ${2 ** 25} bytes in an archive of ${bomb.length}`);
  });

  it('reads views of storages, as PyTorch 0.1 wrote them, and refuses contradictions', async () => {
    const pickle = (elements: number) =>
      pickleBytes(
        '\x80\x02}',
        text('w'),
        'ctorch._utils\n_rebuild_tensor\n((',
        text('storage'),
        'ctorch\nFloatStorage\n',
        text('0'),
        text('cpu'),
        integer(elements),
        '(',
        text('1'),
        integer(2),
        integer(3),
        'ttQ',
        integer(1),
        counts([2]),
        counts([1]),
        'tRs.',
      );
    expect(await readBytes(legacyCheckpoint(one, pickle(6)))).toEqual({ w: Float32Array.of(3, 4) });
    await expect(readBytes(legacyCheckpoint(one, pickle(7)))).rejects.toThrow("storage '0' of 6 elements, not 7");
    await expect(readBytes(legacyCheckpoint(one, pickle(4)))).rejects.toThrow('leaves its storage');
    const extra = { ...one, storages: { ...one.storages, x: one.storages['0'] } };
    await expect(readBytes(legacyCheckpoint(extra))).rejects.toThrow("lists the storage 'x', which nothing refers to");
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { damagedVersions } from './damage.suite.ts';
import { openWeights } from './open-weights.ts';
import { bytes, counts, pickleBytes, text } from './pickle/bytes.suite.ts';
import { decodePickle } from './pickle/read-pickle.ts';
import { legacyCheckpoint, zipCheckpoint } from './torch/checkpoint-writer.suite.ts';
import { zipBytes } from './zip-writer.suite.ts';

const data = join(import.meta.dirname, '../test-data');
const MIB = 2 ** 20;
const folder = temporaryFolder();

/** Opens a file and reads all its tensors; how many there were, or what went wrong. */
async function readAll(path: string): Promise<unknown> {
  try {
    const weights = await openWeights(path);
    try {
      for (const { name, shape } of weights.tensors) {
        const { values } = await weights.read(name);
        expect(values.length).toBe(shape.reduce((a, b) => a * b, 1));
      }
      return weights.tensors.length;
    } finally {
      await weights.close();
    }
  } catch (error) {
    return error;
  }
}

/** Collects garbage until what is no longer used is no longer counted: arrays are freed beside the program. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  for (let last = -1; last !== process.memoryUsage().arrayBuffers; await setTimeout(50)) {
    last = process.memoryUsage().arrayBuffers;
    runInNewContext('gc')();
  }
}

/** Bytes in arrays that a call has left behind, collected or not. */
async function allocated<T>(work: () => T | Promise<T>): Promise<readonly [T, number]> {
  const before = process.memoryUsage().arrayBuffers;
  const result = await work();
  return [result, process.memoryUsage().arrayBuffers - before];
}

describe('damaged files of weights', () => {
  it.each([
    'zip.pth',
    'legacy.pth',
    'kinds-zip.pth',
    'kinds-legacy.pth',
    'nested-legacy.pth.tar',
    'arrays.npz',
    'compressed.npz',
    'dictionary.npy',
    'values-0.pkl',
    'values-5.pkl',
  ])('%s: end in an error or in tensors, and take no more memory than a small file may', async (name) => {
    const good = await readFile(join(data, name));
    const path = join(folder, name);
    await fc.assert(
      fc.asyncProperty(damagedVersions(good), async (damaged) => {
        await writeFile(path, damaged);
        const [result, size] = await allocated(() => readAll(path));
        if (typeof result !== 'number') expect(result).toBeInstanceOf(UserError);
        expect(size).toBeLessThan(8 * MIB);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it('every truncation of a checkpoint is an error', async () => {
    for (const name of ['zip.pth', 'legacy.pth', 'arrays.npz']) {
      const good = await readFile(join(data, name));
      const path = join(folder, `cut-${name}`);
      for (let end = 0; end < good.length; end += 29) {
        await writeFile(path, good.subarray(0, end));
        expect(await readAll(path)).toBeInstanceOf(UserError);
      }
    }
  });
});

describe('hostile pickles', () => {
  const FRAGMENTS = [
    ...'()]}NRbolidtueas012',
    ...'\x81\x85\x86\x87\x88\x8f\x90\x91\x92\x93\x94\x98',
    'K\x02',
    'q\x00',
    'h\x00',
    'I7\n',
    text('f4').toString('latin1'),
    bytes(Buffer.alloc(8)).toString('latin1'),
    counts([2]).toString('latin1'),
    'cnumpy.core.multiarray\n_reconstruct\n',
    'cnumpy.core.multiarray\nscalar\n',
    'cnumpy\ndtype\n',
    'cbuiltins\nset\n',
    'cbuiltins\nlist\n',
    'ccollections\nOrderedDict\n',
    'c_codecs\nencode\n',
    'cargparse\nNamespace\n',
    'cos\nsystem\n',
  ];

  it('end in a value or in an error, whatever their instructions', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 40 }), (fragments) => {
        try {
          decodePickle(pickleBytes(...fragments, '.'), 'x');
          expect(fragments).not.toContain('cos\nsystem\n');
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 5000, seed: 6 },
    );
  });

  const repeat = (part: string, times: number) => Buffer.alloc(part.length * times, part, 'latin1');
  it.each<[string, () => Buffer]>([
    ['a hundred thousand dictionaries', () => pickleBytes(repeat('}', 1e5), '.')],
    ['half a million memory cells', () => pickleBytes('N', repeat('\x94', 5e5), '.')],
    [
      'copies of copies',
      () => pickleBytes('(', repeat('N', 1e4), 'lcbuiltins\nlist\nq\x000q\x01', repeat('h\x00h\x01\x85R', 1e4), '.'),
    ],
    [
      'sets of one list',
      () => pickleBytes('cbuiltins\nset\nq\x00(', repeat('N', 1e4), 'lq\x01', repeat('h\x00h\x01\x85R', 1e4), '.'),
    ],
    [
      'encodings of one text',
      () =>
        pickleBytes(
          'c_codecs\nencode\nq\x00',
          text('a'.repeat(1e5)),
          'q\x01',
          text('latin1'),
          'q\x02',
          repeat('h\x00h\x01h\x02\x86R', 1e4),
          '.',
        ),
    ],
    [
      'arrays of one block',
      () =>
        pickleBytes(
          'cnumpy.core.numeric\n_frombuffer\nq\x00(',
          bytes(Buffer.alloc(65536)),
          'cnumpy\ndtype\n',
          text('u1'),
          '\x85R',
          counts([65536]),
          text('C'),
          'tq\x01',
          repeat('h\x00h\x01R', 1e4),
          '.',
        ),
    ],
  ])('stop %s', async (_, make) => {
    const input = make();
    const [error, size] = await allocated(() => {
      try {
        return decodePickle(input, 'x');
      } catch (thrown) {
        return thrown;
      }
    });
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/than its size justifies/);
    expect(size).toBeLessThan(8 * MIB + 4 * input.length);
  });

  it('may nest deeply and refer to themselves', async () => {
    const path = join(folder, 'deep.pkl');
    const laughs = Array.from({ length: 100 }, () => pickleBytes(text('a'), '\x86\x94'));
    for (const content of [
      pickleBytes('\x80\x04', repeat(']', 1e5), repeat('a', 1e5 - 1), '.'),
      pickleBytes('\x80\x02}q\x00', text('me'), 'h\x00s.'),
      pickleBytes('\x80\x02]q\x00h\x00a.'),
      pickleBytes(
        '\x80\x04}',
        ...laughs.map((_, i) =>
          pickleBytes('\x94}', text('a'), `h${String.fromCharCode(i)}s`, text('b'), `h${String.fromCharCode(i)}s`),
        ),
        '.',
      ),
    ]) {
      await writeFile(path, content);
      const error = await openWeights(path).catch((thrown: unknown) => thrown);
      expect((error as Error).message).toContain('holds no tensors');
    }
  });
});

it('a large checkpoint is opened without its numbers, and read without holding them twice', async () => {
  const elements = 2 ** 19;
  const block = new Uint8Array(4 * elements).fill(1);
  const keys = Array.from({ length: 8 }, (_, i) => String(i));
  const checkpoint = {
    storages: Object.fromEntries(keys.map((key) => [key, { type: 'FloatStorage', content: block, elements }])),
    tensors: Object.fromEntries(keys.map((key) => [key, { storage: key, shape: [elements], strides: [1] }])),
  };
  for (const write of [zipCheckpoint, legacyCheckpoint]) {
    const path = join(folder, 'large.pth');
    const size = 8 * block.length;
    await writeFile(path, write(checkpoint));
    await collect();
    const [weights, opened] = await allocated(() => openWeights(path));
    expect(opened).toBeLessThan(MIB);
    const [tensors, read] = await allocated(async () => {
      const held = [];
      for (const { name } of weights.tensors) held.push(await weights.read(name));
      return held;
    });
    expect(tensors.map(({ values }) => values.length)).toEqual(keys.map(() => elements));
    expect(read).toBeGreaterThan(0.99 * size);
    expect(read).toBeLessThan(1.2 * size);
    await weights.close();
  }
});

describe('hostile archives', () => {
  it('list a bomb without unpacking it, and unpack it only as asked', async () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (25000000,), }\n";
    const head = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(header.length)}\x00${header}`, 'latin1');
    const content = Buffer.concat([head, Buffer.alloc(1e8)]);
    const path = join(folder, 'bomb.npz');
    const archive = zipBytes([{ name: 'zeros.npy', content, compress: true }]);
    expect(archive.length).toBeLessThan(120_000);
    await writeFile(path, archive);
    const [weights, size] = await allocated(() => openWeights(path));
    expect(weights.tensors).toEqual([{ name: 'zeros', shape: [25_000_000], dtype: 'F32', bytes: 1e8 }]);
    expect(size).toBeLessThan(8 * MIB);
    await weights.close();
  });
});

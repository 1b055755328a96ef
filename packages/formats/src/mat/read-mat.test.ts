import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { damagedVersions } from '../damage.suite.ts';
import { matBytes } from './mat-writer.suite.ts';
import { readMat } from './read-mat.ts';
import { findMatArray, type MatArray, type MatValue, readRowMajor } from './values.ts';

const data = join(import.meta.dirname, '../../test-data/mat');
const folder = temporaryFolder();

/** The mask of test-data/mat/make.py, row by row. */
const MASK = Array.from({ length: 70 }, (_, i) => (3 * Math.floor(i / 10) + 5 * (i % 10)) % 21);

/** A value with its numbers and texts, row by row. */
async function plain(value: MatValue | undefined): Promise<unknown> {
  if (!value) return undefined;
  if (value.kind === 'array')
    return [value.class, ...value.shape, Array.from((await readRowMajor(value)).values, Number)];
  if (value.kind === 'chars') return value.rows;
  if (value.kind === 'unsupported') return value.class;
  if (value.kind === 'cell') return Promise.all(value.elements.map(plain));
  const fields = async (element: ReadonlyMap<string, MatValue>) =>
    Object.fromEntries(await Promise.all([...element].map(async ([name, inner]) => [name, await plain(inner)])));
  return Promise.all(value.elements.map(fields));
}

async function written(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${Math.random()}.mat`);
  await writeFile(path, bytes);
  return path;
}

describe('readMat', () => {
  it.each([
    ['sbd.mat', 'GTcls.Segmentation', 'uint8', 1],
    ['sbd-compressed.mat', 'GTcls.Segmentation', 'uint8', 1],
    ['sbd-73.mat', 'GTcls.Segmentation', 'uint8', 1],
    ['context.mat', 'LabelMap', 'uint16', 20],
    ['context-double.mat', 'LabelMap', 'double', 20],
  ])('%s: %s has the rows that SciPy and h5py were given', async (name, path, kind, factor) => {
    const array = findMatArray(await readMat(join(data, name)), path, name);
    expect(array.class).toBe(kind);
    const { shape, values } = await readRowMajor(array);
    expect(shape).toEqual([7, 10]);
    expect(Array.from(values, Number)).toEqual(MASK.map((value) => value * factor));
  });

  it.each(['kinds.mat', 'kinds-compressed.mat'])('%s: every kind of value', async (name) => {
    const variables = await readMat(join(data, name));
    const all = Object.fromEntries(await Promise.all([...variables].map(async ([key, v]) => [key, await plain(v)])));
    expect(all).toEqual({
      small: ['uint16', 1, 1, [7]],
      double: ['double', 2, 2, [0.5, -1e300, Number.POSITIVE_INFINITY, 3]],
      single: ['single', 1, 2, [Math.fround(0.1), 2]],
      wide: ['int64', 1, 2, [-(2 ** 60), 5]],
      logical: ['logical', 1, 3, [1, 0, 1]],
      cube: ['int16', 2, 3, 4, Array.from({ length: 24 }, (_, i) => i)],
      lines: ['ab', 'cd'],
      umlaut: ['größe €'],
      records: [
        { name: ['cat'], size: ['double', 1, 2, [1.5, 2.5]] },
        { name: ['dog'], size: ['double', 0, 0, []] },
      ],
      cell: [['text'], ['int32', 2, 1, [1, -2]], ['logical', 1, 2, [1, 0]]],
      sparse: 'sparse',
      complex: 'complex',
      a_variable_with_a_long_name: ['int8', 1, 3, [-1, 2, 3]],
    });
  });

  it('reads version 7.3: arrays, texts, empty ones; cells are named as not read', async () => {
    const variables = await readMat(join(data, 'kinds-73.mat'));
    expect(await plain(variables.get('cube'))).toEqual(['int16', 2, 3, 4, Array.from({ length: 24 }, (_, i) => i)]);
    expect(await plain(variables.get('double'))).toEqual([
      ...['double', 2, 2],
      [0.5, -1e300, Number.POSITIVE_INFINITY, 3],
    ]);
    expect(await plain(variables.get('logical'))).toEqual(['logical', 1, 3, [1, 0, 1]]);
    expect(await plain(variables.get('text'))).toEqual(['größe']);
    expect(await plain(variables.get('empty'))).toEqual(['double', 0, 0, []]);
    expect(await plain(variables.get('cell'))).toBe('cell');
    expect([...variables.keys()]).not.toContain('#refs#');
  });

  it.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])('reads both orders of bytes (little-endian %s), compressed %s', async (little, compress) => {
    const matrix = { class: 'uint16', height: 2, width: 3, data: [1, 2, 3, 400, 500, 60_000] } as const;
    const path = await written(matBytes({ LabelMap: matrix, 'GTcls.Segmentation': matrix }, { little, compress }));
    const variables = await readMat(path);
    for (const name of ['LabelMap', 'GTcls.Segmentation']) {
      const { values } = await readRowMajor(findMatArray(variables, name, path));
      expect([...values]).toEqual(matrix.data);
    }
    expect([...(await readMat(path, { names: ['LabelMap'] })).keys()]).toEqual(['LabelMap']);
  });

  it('says what is there instead of what was looked for', async () => {
    const variables = await readMat(join(data, 'kinds.mat'));
    expect(() => findMatArray(variables, 'GTcls.Segmentation', 'x.mat')).toThrow(/x.mat has no 'GTcls'.*small, double/);
    expect(() => findMatArray(variables, 'sparse', 'x.mat')).toThrow(/class 'sparse', which is not read/);
    expect(() => findMatArray(variables, 'cell.a', 'x.mat')).toThrow(/'cell' is a cell/);
  });

  it('refuses version 4 and other files by name', async () => {
    await expect(readMat(join(data, 'version4.mat'))).rejects.toThrow(/version 4.*save it with '-v7'/);
    await expect(readMat(join(data, 'make.py'))).rejects.toThrow(/does not begin like a MATLAB file/);
    await expect(readMat(join(data, 'none.mat'))).rejects.toThrow(/does not exist/);
  });

  it('unpacks no further than an element declares, and none that declares too much', async () => {
    const good = matBytes({ a: { class: 'uint8', height: 1, width: 1, data: [1] } });
    const declaring = (length: number, content: number) => {
      const inner = Buffer.alloc(8 + content);
      inner.writeUInt32LE(14, 0);
      inner.writeUInt32LE(length, 4);
      const packed = deflateSync(inner);
      const tag = Buffer.alloc(8);
      tag.writeUInt32LE(15, 0);
      tag.writeUInt32LE(packed.length, 4);
      return Buffer.concat([good, tag, packed]);
    };
    await expect(readMat(await written(declaring(2 ** 31, 100)))).rejects.toThrow(/declares 2147483648 bytes/);
    await expect(readMat(await written(declaring(64, 50_000_000)))).rejects.toThrow(/cannot be unpacked/);
    await expect(readMat(await written(declaring(1000, 10)))).rejects.toThrow(/too short/);
  });

  it.each(['sbd.mat', 'sbd-compressed.mat', 'kinds.mat', 'kinds-compressed.mat', 'sbd-73.mat'])(
    '%s damaged ends in an error or in arrays as large as they say',
    async (name) => {
      const good = await readFile(join(data, name));
      const path = join(folder, `damaged-${name}`);
      const arrays = (value: MatValue): MatArray[] => {
        if (value.kind === 'array') return [value];
        if (value.kind === 'cell') return value.elements.flatMap(arrays);
        return value.kind === 'struct' ? value.elements.flatMap((fields) => [...fields.values()].flatMap(arrays)) : [];
      };
      await fc.assert(
        fc.asyncProperty(damagedVersions(good), async (damaged) => {
          await writeFile(path, damaged);
          try {
            for (const value of (await readMat(path)).values()) {
              for (const array of arrays(value)) {
                const { length } = await array.read();
                expect(length).toBe(array.shape.reduce((a, b) => a * b, 1));
              }
            }
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        }),
        { numRuns: name === 'sbd-73.mat' ? 30 : 150 },
      );
    },
    60_000,
  );
});

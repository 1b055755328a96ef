import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '@unseen/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { buildClassTable } from './build-class-table.ts';
import { selectRows, vectorOf } from './class-table.ts';
import type { VectorSource } from './vector-source.ts';

let folder: string;
let words: string;
let rows: string;
beforeAll(async () => {
  folder = temporaryFolder();
  [words, rows] = [join(folder, 'words.vec'), join(folder, 'rows.vec')];
  await writeFile(words, '4 2\ncat 3 4\ndog 0 2\nsky 3 0\nother 0 4\n');
  await writeFile(rows, '3 1\nbackground 1\ncat 2\nsky_other -5\n');
});

const classes = [
  { id: 1, name: 'cat' },
  { id: 2, name: 'sky other' },
];
const byToken = (): VectorSource => ({ name: 'words', path: words, label: 'words.vec' });
const byId = (): VectorSource => ({ name: 'rows', path: rows, label: 'rows.vec', rows: 'ids' });

describe('buildClassTable', () => {
  it('concatenates sources and records where every part comes from', async () => {
    const table = await buildClassTable({ name: 't', sources: [byToken(), byId()], classes, normalize: 'none' });
    expect(table).toMatchObject({ name: 't', names: ['cat', 'sky other'], ids: [1, 2], dimension: 3 });
    expect(table.vectors).toEqual([Float32Array.of(3, 4, 2), Float32Array.of(0.6, 0.8, -5)]);
    expect(table.provenance[1]).toEqual([
      {
        source: 'words',
        file: 'words.vec',
        sha256: await sha256File(words),
        tokens: ['sky', 'other'],
        rule: 'sum',
        dimension: 2,
      },
      {
        source: 'rows',
        file: 'rows.vec',
        sha256: await sha256File(rows),
        tokens: ['sky_other'],
        rule: 'row',
        dimension: 1,
      },
    ]);
  });

  it('takes classes, tokens and sources with names that objects have by nature', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const path = join(folder, 'names.csv');
    await writeFile(path, names.map((name, i) => `${name},${i},1\n`).join(''));
    const table = await buildClassTable({
      name: 't',
      sources: [
        { name: 'constructor', path, rows: 'names' },
        { name: '__proto__', path: words },
      ],
      classes: names.map((name, id) => ({ id, name, tokens: Object.fromEntries([['__proto__', 'cat']]) })),
      normalize: 'none',
    });
    expect(table.names).toEqual(names);
    expect(table.vectors).toEqual(names.map((_, i) => Float32Array.of(i, 1, 3, 4)));
  });

  it('normalises the whole, or the parts first', async () => {
    const build = (normalize: 'parts' | 'joint') =>
      buildClassTable({ name: 't', sources: [byToken(), byId()], classes, normalize });
    const [joint] = (await build('joint')).vectors;
    expect([...joint]).toEqual([3, 4, 2].map((x) => Math.fround(x / Math.sqrt(29))));
    const [parts] = (await build('parts')).vectors;
    [0.6, 0.8, 1].forEach((x, i) => {
      expect(parts[i]).toBeCloseTo(x / Math.SQRT2, 6);
    });
  });

  it('takes other tokens where the recipe says so, per source', async () => {
    const pet = [{ id: 1, name: 'pet', tokens: { words: 'dog', rows: 'cat' } }];
    const table = await buildClassTable({ name: 't', sources: [byToken(), byId()], classes: pet, normalize: 'none' });
    expect(table.vectors).toEqual([Float32Array.of(0, 2, 2)]);
  });

  it('takes every row of a table where no classes are listed', async () => {
    const table = await buildClassTable({ name: 't', sources: [byId()], normalize: 'none' });
    expect(table.names).toEqual(['background', 'cat', 'sky other']);
    expect(table.ids).toEqual([0, 1, 2]);
    await expect(buildClassTable({ name: 't', sources: [byToken()] })).rejects.toThrow('lists no classes');
  });

  it('takes vectors at hand', async () => {
    const source = { name: 'trained', origin: 'captions', vectors: new Map([['cat', Float32Array.of(0, 3)]]) };
    const table = await buildClassTable({ name: 't', sources: [source], classes: classes.slice(0, 1) });
    expect(table.vectors).toEqual([Float32Array.of(0, 1)]);
    expect(table.provenance[0][0]).toMatchObject({
      source: 'trained',
      file: 'captions',
      tokens: ['cat'],
      rule: 'exact',
    });
    expect(table.provenance[0][0].sha256).toMatch(/^[0-9a-f]{64}$/);
    const missing = buildClassTable({ name: 't', sources: [source], classes: [{ id: 0, name: 'cart' }] });
    await expect(missing).rejects.toThrow("'cart' in captions (near: 'cat')");
  });

  it('lists all that is missing, of every source, with near matches', async () => {
    const other = join(folder, 'other.vec');
    await writeFile(other, 'cat 1\n');
    const sources = [byToken(), { name: 'other', path: other, label: 'other.vec' }];
    const wanted = [...classes, { id: 3, name: 'dgo' }, { id: 4, name: 'zebra' }];
    const error: Error = await buildClassTable({ name: 't', sources, classes: wanted }).catch((thrown) => thrown);
    expect(error.message).toContain("5 vectors are missing for the class table 't'");
    for (const part of ["'dgo' in words.vec (near: 'dog')", "'zebra' in words.vec;", "'sky other' in other.vec"]) {
      expect(error.message).toContain(part);
    }
  });

  it('tells what takes long, and reads a file for its checksum only when all classes are found', async () => {
    const steps: string[] = [];
    const onSource = ({ name }: VectorSource, step: string) => {
      steps.push(`${step} ${name}`);
    };
    await buildClassTable({ name: 't', sources: [byToken(), byId()], classes }, { onSource });
    expect(steps).toEqual(['read words', 'read rows', 'hash words', 'hash rows']);
    steps.length = 0;
    const missing = buildClassTable({ name: 't', sources: [byToken()], classes: [{ id: 0, name: 'x' }] }, { onSource });
    await expect(missing).rejects.toThrow('1 vector is missing');
    expect(steps).toEqual(['read words']);
  });

  it('refuses a table whose rows are not the classes', async () => {
    const swapped = [{ id: 2, name: 'cat' }];
    await expect(buildClassTable({ name: 't', sources: [byId()], classes: swapped })).rejects.toThrow(
      "row 2 of rows.vec is 'sky_other', but class 2 is 'cat'",
    );
    const beyond = [{ id: 9, name: 'cat' }];
    await expect(buildClassTable({ name: 't', sources: [byId()], classes: beyond })).rejects.toThrow('is missing');
  });

  it('refuses classes that are given twice, and vectors of zeros', async () => {
    const twice = [...classes, { id: 1, name: 'dog' }];
    await expect(buildClassTable({ name: 't', sources: [byToken()], classes: twice })).rejects.toThrow('id 1 twice');
    const zero = { name: 'z', origin: 'z', vectors: new Map([['cat', Float32Array.of(0, 0)]]) };
    await expect(buildClassTable({ name: 't', sources: [zero], classes: classes.slice(0, 1) })).rejects.toThrow(
      'zeros',
    );
    await expect(buildClassTable({ name: 't', sources: [], classes })).rejects.toThrow('no source');
  });
});

describe('looking up', () => {
  it('selects rows by id and by name', async () => {
    const table = await buildClassTable({ name: 't', sources: [byId()], normalize: 'none' });
    expect(selectRows(table, [2, 0])).toEqual(Float32Array.of(-5, 1));
    expect(vectorOf(table, 'cat')).toEqual(Float32Array.of(2));
    expect(() => selectRows(table, [7])).toThrow('no class 7');
    expect(() => vectorOf(table, 'cta')).toThrow("did you mean 'cat'?");
  });
});

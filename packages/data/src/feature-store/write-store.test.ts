import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UserError } from '@unseen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import type { FeatureView } from './schema.ts';
import { CHANNELS, provenance, viewsOf, written } from './small-store.suite.ts';
import { FeatureStore } from './store.ts';
import { writeFeatureStore } from './write-store.ts';
import type { FeatureStoreOptions } from './writer.ts';

const IMAGES = 3;
const PERIOD = provenance.views.length;

/** Views whose labels need 16 bits, and compress. */
const wide = viewsOf(IMAGES).map((view) => ({
  ...view,
  labels: Uint16Array.from(view.labels, (label) => 300 + label),
}));

const forms: readonly [string, readonly FeatureView[], Partial<FeatureStoreOptions>][] = [
  ['float32, labels of 8 bits', viewsOf(IMAGES), {}],
  ['float32 with zstd, labels of 16 bits', wide, { compression: 'zstd', labelBits: 16 }],
  ['float16, labels of 16 bits', wide, { featureBits: 16, labelBits: 16 }],
  ['float16 with zstd, labels of 8 bits', viewsOf(IMAGES), { featureBits: 16, compression: 'zstd' }],
];

/** Continues a store, up to `stop` views, where it fails. Gives the number of views that were there already. */
async function resumed(
  path: string,
  views: readonly FeatureView[],
  changes: Partial<FeatureStoreOptions> = {},
  stop = Number.POSITIVE_INFINITY,
): Promise<number> {
  let there = 0;
  const options = { provenance, channels: CHANNELS, ...changes };
  const writing = writeFeatureStore(
    path,
    options,
    async (writer) => {
      there = writer.count;
      for (const view of views.slice(there)) {
        if (writer.count === stop) throw new Error('stopped');
        await writer.append(view);
      }
    },
    { resumable: true },
  );
  if (stop < views.length) await expect(writing).rejects.toThrow('stopped');
  else await writing;
  return there;
}

/** A store that was interrupted behind some views: its two files, and where its views and lines end in them. */
async function interrupted(views: readonly FeatureView[], changes: Partial<FeatureStoreOptions>, stop: number) {
  const path = join(temporaryFolder(), 'a.arrow');
  await resumed(path, views, changes, stop);
  const [file, journal] = [await readFile(`${path}.partial`), await readFile(`${path}.partial.journal`)];
  const lines = journal.toString().split('\n').slice(0, -1);
  let end = 0;
  const lineEnds = lines.map((line) => {
    end += Buffer.byteLength(line) + 1;
    return end;
  });
  return { path, file, journal, lineEnds, viewEnds: lines.slice(1).map((line) => JSON.parse(line)[2] as number) };
}

async function leave(path: string, file: Uint8Array, journal: Uint8Array): Promise<void> {
  await rm(path, { force: true });
  await writeFile(`${path}.partial`, file);
  await writeFile(`${path}.partial.journal`, journal);
}

describe.each(forms)('an interrupted store of %s', (_, views, form) => {
  test('continues behind the last whole image, wherever it was cut, to the same bytes', async () => {
    const whole = await readFile(await written(views, form));
    const left = await interrupted(views, form, 5);
    expect(left.viewEnds).toHaveLength(5);
    const { path, file, journal } = left;
    const cuts = fc.record({
      file: fc.nat(file.length),
      // Most of the first line is the same for all that was cut in it.
      journal: fc.oneof(fc.nat(journal.length), fc.integer({ min: left.lineEnds[0] - 2, max: journal.length })),
    });
    const check = async (cut: { readonly file: number; readonly journal: number }) => {
      await leave(path, file.subarray(0, cut.file), journal.subarray(0, cut.journal));
      const lines = left.lineEnds.filter((end) => end <= cut.journal).length;
      const inFile = left.viewEnds.filter((end) => end <= cut.file).length;
      const both = Math.min(Math.max(lines - 1, 0), inFile);
      expect(await resumed(path, views, form)).toBe(both - (both % PERIOD));
      expect((await readFile(path)).equals(whole)).toBe(true);
      expect(await readdir(join(path, '..'))).toEqual(['a.arrow']);
    };
    await fc.assert(fc.asyncProperty(cuts, check), {
      numRuns: 15,
      examples: [
        [{ file: file.length, journal: journal.length }],
        [{ file: left.viewEnds[1], journal: journal.length }],
      ],
    });
  });

  test('gives up the images from the first damaged byte on', async () => {
    const whole = await readFile(await written(views, form));
    const { path, file, journal, viewEnds, lineEnds } = await interrupted(views, form, 4);
    const flips = fc.record({ inFile: fc.boolean(), at: fc.nat(), bit: fc.nat(7) });
    const check = async ({
      inFile,
      at,
      bit,
    }: {
      readonly inFile: boolean;
      readonly at: number;
      readonly bit: number;
    }) => {
      const bytes = Buffer.from(inFile ? file : journal);
      const place = at % bytes.length;
      bytes[place] ^= 1 << bit;
      await leave(path, inFile ? bytes : file, inFile ? journal : bytes);
      // A line break that is gone takes its line with it; so does one too many.
      const view = inFile
        ? viewEnds.findIndex((end) => place < end)
        : Math.max(0, lineEnds.findIndex((end) => place < end) - 1);
      expect(await resumed(path, views, form)).toBe(view - (view % PERIOD));
      expect((await readFile(path)).equals(whole)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(flips, check), { numRuns: 15 });
  });

  test('may be interrupted again and again', async () => {
    const path = join(temporaryFolder(), 'a.arrow');
    const there = [];
    for (const stop of [1, 3, 3, 5]) there.push(await resumed(path, views, form, stop));
    there.push(await resumed(path, views, form));
    expect(there).toEqual([0, 0, 2, 2, 4]);
    expect((await readFile(path)).equals(await readFile(await written(views, form)))).toBe(true);
  });
});

test('the state at the end of any write is enough: nothing is kept for a later one', async () => {
  const views = viewsOf(IMAGES);
  const folder = temporaryFolder();
  const path = join(folder, 'a.arrow');
  const states: string[] = [];
  const options = { provenance, channels: CHANNELS };
  await writeFeatureStore(
    path,
    options,
    async (writer) => {
      for (const view of views) {
        await writer.append(view);
        const copy = join(temporaryFolder(), 'a.arrow');
        for (const name of ['.partial', '.partial.journal']) await copyFile(`${path}${name}`, `${copy}${name}`);
        states.push(copy);
      }
    },
    { resumable: true },
  );
  const there = [];
  for (const state of states) {
    there.push(await resumed(state, views));
    expect((await readFile(state)).equals(await readFile(path))).toBe(true);
  }
  expect(there).toEqual([0, 2, 2, 4, 4, 6]);
});

test('a store that lacks nothing but its name is finished without another view', async () => {
  const views = viewsOf(IMAGES);
  const path = await written(views);
  const whole = await readFile(path);
  const left = await interrupted([...views, ...views], {}, 2 * IMAGES);
  await leave(left.path, whole, left.journal);
  expect(await resumed(left.path, views)).toBe(views.length);
  expect((await readFile(left.path)).equals(whole)).toBe(true);
});

test.each<[string, Partial<FeatureStoreOptions>]>([
  ['weights', { provenance: { ...provenance, weights: 'other' } }],
  ['subset', { provenance: { ...provenance, subset: 'val' } }],
  ['precision', { featureBits: 16 }],
  ['compression', { compression: 'zstd' }],
])('other %s begin anew', async (_, changes) => {
  const views = viewsOf(IMAGES);
  const { path } = await interrupted(views, {}, 4);
  expect(await resumed(path, views, changes, 3)).toBe(0);
  // What the first options had left is gone.
  expect(await resumed(path, views, {}, 5)).toBe(0);
  expect(await resumed(path, views, changes)).toBe(0);
  expect((await readFile(path)).equals(await readFile(await written(views, changes)))).toBe(true);
});

test('views that this writer would write differently are not taken over, whatever their checksums', async () => {
  const views = viewsOf(IMAGES);
  const { path, file, journal, viewEnds } = await interrupted(views, {}, 4);
  const lines = journal.toString().split('\n');
  // Behind ARROW1 there are two bytes of padding, which say nothing.
  file[6] = 1;
  const [start, body, end] = JSON.parse(lines[1]);
  lines[1] = JSON.stringify([start, body, end, crc32(file.subarray(0, viewEnds[0]))]);
  await leave(path, file, Buffer.from(lines.join('\n')));
  expect(await resumed(path, views)).toBe(0);
  expect((await readFile(path)).equals(await readFile(await written(views)))).toBe(true);
});

test('less than an image leaves nothing, and neither does success', async () => {
  const path = join(temporaryFolder(), 'sub', 'a.arrow');
  await resumed(path, viewsOf(IMAGES), {}, 1);
  expect(await readdir(join(path, '..'))).toEqual([]);
  await resumed(path, viewsOf(IMAGES), {}, 2);
  expect((await readdir(join(path, '..'))).sort()).toEqual(['a.arrow.partial', 'a.arrow.partial.journal']);
  await truncate(`${path}.partial`, 3);
  await resumed(path, viewsOf(IMAGES), {}, 1);
  expect(await readdir(join(path, '..'))).toEqual([]);
  await resumed(path, viewsOf(IMAGES));
  expect(await readdir(join(path, '..'))).toEqual(['a.arrow']);
});

test.each([
  ['.partial', 'somebody else wrote this'],
  ['.partial.journal', 'dear diary'],
])('a file %s of another program is left alone', async (ending, text) => {
  const path = join(temporaryFolder(), 'a.arrow');
  await writeFile(`${path}${ending}`, text);
  const refused = expect(resumed(path, viewsOf(IMAGES))).rejects;
  await refused.toThrow(`${path}${ending} was not left by an interrupted extraction`);
  expect(await readFile(`${path}${ending}`, 'utf8')).toBe(text);
});

test('a second writer of the same file is refused, and the first one ends well', async () => {
  const [views, path] = [viewsOf(IMAGES), join(temporaryFolder(), 'a.arrow')];
  await writeFeatureStore(
    path,
    { provenance, channels: CHANNELS },
    async (writer) => {
      for (const view of views) await writer.append(view);
      const second = resumed(path, views);
      await expect(second).rejects.toBeInstanceOf(UserError);
      await expect(second).rejects.toThrow(`${path} is in use by process ${process.pid}`);
    },
    { resumable: true },
  );
  const store = await FeatureStore.open(path);
  expect(await store.ids()).toEqual(['image-0', 'image-1', 'image-2']);
  expect(await store.read(5)).toEqual(views[5]);
  await store.close();
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { mergeFeatureStores } from './merge.ts';
import type { FeatureView } from './schema.ts';
import { SeenOnlyFeatures } from './seen-only.ts';
import { CHANNELS, provenance, viewsOf, written } from './small-store.suite.ts';
import { FeatureStore } from './store.ts';
import type { FeatureStoreOptions } from './writer.ts';

/** Written before stores had an index; two images of two views. */
const OLD = join(import.meta.dirname, '../../test-data/store-without-index.arrow');

async function whole(store: FeatureStore): Promise<FeatureView[]> {
  return Promise.all(Array.from({ length: store.count }, (_, i) => store.read(i)));
}

/** Views and positions of a class, counted. */
function counted(views: readonly FeatureView[], classId: number) {
  return views.flatMap(({ labels }, view) => {
    const positions = labels.filter((label: number) => label === classId).length;
    return positions > 0 ? [{ view, positions }] : [];
  });
}

describe.each<[string, Partial<FeatureStoreOptions>]>([
  ['float32', {}],
  ['half precision', { featureBits: 16 }],
  ['zstd', { compression: 'zstd' }],
  ['half precision, zstd', { featureBits: 16, compression: 'zstd' }],
])('a store of %s', (_, form) => {
  test('gives the same views, labels and places by any way', async () => {
    const views = viewsOf(5);
    const store = await FeatureStore.open(await written(views, form));
    expect(store).toMatchObject({ featureBits: 32, compression: 'none', ...form });
    const labels = await Promise.all(views.map((_, i) => store.readLabels(i)));
    expect(labels).toEqual(views.map(({ features: _, ...view }) => view));
    const read = await whole(store);
    if (form.featureBits !== 16) expect(read).toEqual(views);
    // Before and after a view was first read.
    for (const opened of [store, await FeatureStore.open(store.path)]) {
      const target = new Float32Array(100).fill(-1);
      for (const [i, { features, ...view }] of read.entries()) {
        expect(await opened.readInto(i, target, 7)).toEqual(view);
        expect(target.subarray(7, 7 + features.length)).toEqual(features);
      }
      expect([...target.subarray(0, 7), ...target.subarray(67)].every((value) => value === -1)).toBe(true);
      let at = 0;
      for await (const view of opened.views()) expect(view).toEqual(read[at++]);
      expect(at).toBe(10);
      expect(await opened.viewsOf('image-3')).toEqual([6, 7]);
      expect(await opened.viewsOf('image-9')).toEqual([]);
      for (const classId of [1, 2, 4, 255, 9]) expect(await opened.viewsWith(classId)).toEqual(counted(views, classId));
      await opened.close();
    }
  });

  test('is joined from shards to the same file', async () => {
    const views = viewsOf(3);
    const joined = `${await written(views, form)}.joined`;
    const parts = [await written(views.slice(0, 2), form), await written(views.slice(2), form)];
    await mergeFeatureStores(joined, parts, provenance.subset);
    expect((await readFile(joined)).equals(await readFile(joined.replace('.joined', '')))).toBe(true);
  });

  test('is refused an array that is too small', async () => {
    const store = await FeatureStore.open(await written(viewsOf(1), form));
    for (let twice = 0; twice < 2; twice++) {
      await expect(store.readInto(0, new Float32Array(60), 1)).rejects.toThrow('60 features at 1 of an array of 60');
      await store.read(0);
    }
    await store.close();
  });
});

test('compressed features take less space, and are what any Arrow reader with the codec reads', async () => {
  const sparse = viewsOf(1).map((view, i) => {
    const features = new Float32Array([40, 20][i] * 30 * CHANNELS).map((_, k) => (k % 5 === 0 ? k : 0));
    const labels = new Uint8Array([40, 20][i] * 30).fill(2);
    return { ...view, height: [40, 20][i], width: 30, features, labels };
  });
  const [plain, packed] = [await written(sparse), await written(sparse, { compression: 'zstd' })];
  expect((await readFile(packed)).length).toBeLessThan((await readFile(plain)).length / 2);
  const [a, b] = [tableFromIPC(await readFile(plain)), tableFromIPC(await readFile(packed))];
  const values = (table: typeof a) => table.batches.map(({ data }) => data.children[0].children[0].values);
  expect(values(b)).toEqual(values(a));
  // The Arrow format has the uncompressed length in front of what is compressed.
  const bytes = await readFile(packed);
  const length = Buffer.alloc(8);
  length.writeBigInt64LE(BigInt(sparse[0].features.byteLength));
  expect(bytes.includes(Buffer.concat([length, Buffer.of(0x28, 0xb5, 0x2f, 0xfd)]))).toBe(true);
});

test('labels are read without features: damage in these is not met', async () => {
  const views = viewsOf(2);
  const path = await written(views);
  const bytes = await readFile(path);
  bytes[bytes.indexOf(Buffer.from(views[2].features.buffer, views[2].features.byteOffset, 40)) + 9] ^= 1;
  await writeFile(path, bytes);
  const store = await FeatureStore.open(path);
  expect((await store.readLabels(2)).labels).toEqual(views[2].labels);
  await expect(store.read(2)).rejects.toThrow('wrong checksum');
  await expect(store.readInto(2, new Float32Array(100))).rejects.toThrow('wrong checksum');
  await store.close();
});

test('a store without an index gives the same, after it was read through', async () => {
  const store = await FeatureStore.open(OLD);
  expect(await store.ids()).toEqual(['image-0', 'image-1']);
  expect(await store.viewsOf('image-1')).toEqual([2, 3]);
  const views = await whole(store);
  expect([...views[3].features]).toEqual([3, 3.125, 3.25, 3.375]);
  for (const classId of [1, 2, 255]) expect(await store.viewsWith(classId)).toEqual(counted(views, classId));
  expect((await store.readLabels(3)).labels).toEqual(views[3].labels);
  const target = new Float32Array(12);
  expect((await store.readInto(0, target)).labels).toEqual(views[0].labels);
  expect(target).toEqual(views[0].features);
  await store.close();
});

test('support counts all labels; the guard hides which views hold unseen classes', async () => {
  const store = await FeatureStore.open(await written(viewsOf(2)));
  // 28 positions of 4 labels in turn, from another one in each view.
  const support = await store.support();
  expect([...support.keys()]).toEqual([1, 2, 4, 255]);
  expect([...support.values()].reduce((sum, { positions }) => sum + positions, 0)).toBe(28);
  const guarded = new SeenOnlyFeatures(store, { seen: [2, 1], unseen: [4] });
  expect([...(await guarded.support()).keys()]).toEqual([1, 2]);
  expect(await guarded.viewsWith(2)).toEqual(await store.viewsWith(2));
  expect(await guarded.viewsOf('image-1')).toEqual([2, 3]);
  for (const classId of [4, 255, 9]) await expect(guarded.viewsWith(classId)).rejects.toBeInstanceOf(UserError);
  expect((await guarded.readLabels(0)).labels).toEqual((await guarded.read(0)).labels);
  expect([...(await guarded.readLabels(0)).labels.slice(0, 4)]).toEqual([1, 0, 255, 255]);
  await store.close();
});

test('a class of the unlabelled value is never seen', async () => {
  const store = await FeatureStore.open(await written(viewsOf(1)));
  const guarded = new SeenOnlyFeatures(store, { seen: [1, 255], unseen: [] });
  await expect(guarded.viewsWith(255)).rejects.toThrow('views with class 255');
  await store.close();
});

test('reads that were asked for are done before a store closes', async () => {
  const views = viewsOf(3);
  const store = await FeatureStore.open(await written(views));
  const reading = Promise.all(views.map((_, i) => store.read(i)));
  await store.close();
  expect(await reading).toEqual(views);
});

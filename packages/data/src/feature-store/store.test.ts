import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree, UserError } from '@unseen/core';
import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import type { FeatureView } from './schema.ts';
import { SeenOnlyFeatures } from './seen-only.ts';
import { CHANNELS, provenance, viewsOf, written } from './small-store.suite.ts';
import { FeatureStore } from './store.ts';
import { writeFeatureStore } from './write-store.ts';

test('views come back by index in any order, also when asked for at once', async () => {
  const views = viewsOf(4);
  const store = await FeatureStore.open(await written(views), { backbone: 'micro/block3', views: provenance.views });
  expect(store).toMatchObject({ count: 8, channels: CHANNELS, provenance });
  const order = [7, 0, 3, 3, 1];
  expect(await Promise.all(order.map((i) => store.read(i)))).toEqual(order.map((i) => views[i]));
  const batch = new Float32Array(100);
  const { labels, id } = await store.readInto(2, batch, 20);
  expect(id).toBe('image-1');
  expect(labels).toEqual(views[2].labels);
  expect(batch.subarray(20, 20 + views[2].features.length)).toEqual(views[2].features);
  expect(() => store.read(8)).toThrow('view 8 of a store of 8');
  await store.close();
});

test('the statistics are those of all positions', async () => {
  const views = viewsOf(6);
  const store = await FeatureStore.open(await written(views));
  for (let c = 0; c < CHANNELS; c++) {
    const values = views.flatMap(({ features }) => [...features].filter((_, i) => i % CHANNELS === c));
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    expect(store.statistics.positions).toBe(values.length);
    expect(store.statistics.mean[c]).toBeCloseTo(mean, 9);
    expect(store.statistics.std[c]).toBeCloseTo(Math.sqrt(variance), 9);
  }
  await store.close();
});

test('half precision: half the bytes, features within 2⁻¹¹ of what they were, statistics of what is read', async () => {
  const views = viewsOf(4).map((view) => ({ ...view, features: view.features.map((v, i) => v * 10 ** ((i % 9) - 5)) }));
  const path = await written(views, { featureBits: 16 });
  const store = await FeatureStore.open(path);
  expect(store.featureBits).toBe(16);
  let worst = 0;
  const sums = new Float64Array(CHANNELS);
  for (const [i, expected] of views.entries()) {
    const { features, labels } = await store.read(i);
    expect(features).toBeInstanceOf(Float32Array);
    expect(labels).toEqual(expected.labels);
    features.forEach((value, p) => {
      // Below 2⁻¹⁴ halves are 2⁻²⁴ apart.
      worst = Math.max(
        worst,
        Math.abs(value - expected.features[p]) / Math.max(Math.abs(expected.features[p]), 2 ** -14),
      );
      sums[p % CHANNELS] += value;
    });
  }
  expect(worst).toBeLessThanOrEqual(2 ** -11);
  expect(worst).toBeGreaterThan(2 ** -13);
  const { positions, mean } = store.statistics;
  mean.forEach((value, c) => {
    expect(value).toBeCloseTo(sums[c] / positions, 6);
  });
  await store.close();
  const table = tableFromIPC(await readFile(path));
  expect(table.schema.fields[0].type.toString()).toContain('Float16');
  const large = views.map((view) => ({ ...view, height: 40, width: 30, ...enlarged(view) }));
  const sizes = await Promise.all(
    ([16, 32] as const).map(async (featureBits) => (await stat(await written(large, { featureBits }))).size),
  );
  expect(sizes[0] / sizes[1]).toBeLessThan(0.6);
  const beyond = [{ ...views[0], features: views[0].features.map(() => 65_520) }, views[1]];
  await expect(written(beyond, { featureBits: 16 })).rejects.toThrow(
    /a feature of image-0 is 65520; expected .*65504.*full precision/,
  );
});

/** A view's features and labels repeated over 1200 positions. */
function enlarged({ features, labels }: FeatureView) {
  return {
    features: Float32Array.from({ length: 1200 * CHANNELS }, (_, i) => features[i % features.length]),
    labels: Uint8Array.from({ length: 1200 }, (_, i) => labels[i % labels.length]),
  };
}

test('any Arrow reader reads the file, metadata included', async () => {
  const views = viewsOf(1);
  const table = tableFromIPC(await readFile(await written(views)));
  expect(table.numRows).toBe(4 * 3 + 2);
  expect(table.schema.metadata.get('format')).toBe('unseen-features-2');
  expect(JSON.parse(table.schema.metadata.get('store') ?? '').provenance).toEqual(provenance);
  expect([...(table.getChild('feature')?.get(1)?.toArray() ?? [])]).toEqual([...views[0].features.subarray(5, 10)]);
  expect(table.batches[1].metadata.get('view')).toBe('scale 1/2');
});

test('a store of another origin is refused with what differs', async () => {
  const path = await written(viewsOf(1));
  const open = FeatureStore.open(path, { ...provenance, backbone: 'resnet101', config: 'xyz' });
  await expect(open).rejects.toBeInstanceOf(UserError);
  await expect(open).rejects.toThrow(
    /made with backbone "micro\/block3", config "def"; expected backbone "resnet101", config "xyz"; extract the features anew/,
  );
  await expect(FeatureStore.open(path, { views: ['scale 1'] })).rejects.toThrow('views ["scale 1","scale 1/2"]');
});

test('missing, cut, foreign and damaged files are told', async () => {
  const path = await written(viewsOf(2));
  const bytes = await readFile(path);
  await expect(FeatureStore.open(`${path}.none`)).rejects.toThrow('does not exist');
  for (const content of [bytes.subarray(0, 300), Buffer.from('ARROW1'), Buffer.alloc(0), Buffer.alloc(500, 1)]) {
    await writeFile(path, content);
    await expect(FeatureStore.open(path)).rejects.toThrow(
      /cannot be read as a feature store.*extract the features anew/,
    );
  }
  const footer = Buffer.from(bytes);
  footer.fill(0xff, bytes.length - 200, bytes.length - 10);
  await writeFile(path, footer);
  await expect(FeatureStore.open(path)).rejects.toBeInstanceOf(UserError);
});

test.each([{}, { featureBits: 16 }, { compression: 'zstd' }] as const)(
  'a damaged byte anywhere is told, or lies where nobody reads: %j',
  async (form) => {
    const given = viewsOf(2);
    const path = await written(given, form);
    const whole = await FeatureStore.open(path);
    const views = await Promise.all(given.map((_, i) => whole.read(i)));
    await whole.close();
    const bytes = await readFile(path);
    const random = new SeedTree(4).stream();
    let told = 0;
    const ways = [
      (store: FeatureStore, view: number) => store.read(view),
      async (store: FeatureStore, view: number) => {
        const features = new Float32Array(views[view].features.length);
        return { ...(await store.readInto(view, features)), features };
      },
    ];
    for (let i = 0; i < 80; i++) {
      const damagedFile = Buffer.from(bytes);
      damagedFile[random.integer(bytes.length)] ^= 1 << random.integer(8);
      await writeFile(path, damagedFile);
      try {
        const store = await FeatureStore.open(path);
        const read = [];
        const labels = [];
        try {
          for (let v = 0; v < store.count; v++) labels.push((await store.readLabels(v)).labels);
          for (let v = 0; v < store.count; v++) read.push(await ways[i % ways.length](store, v));
        } finally {
          await store.close();
        }
        expect(labels).toEqual(views.map((view) => view.labels));
        expect(read).toEqual(views);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.message).toMatch(/cannot be read as a feature store.*extract the features anew/);
        told++;
      }
    }
    expect(told).toBeGreaterThan(70);
  },
);

test('an interrupted extraction leaves nothing that could be taken for a store', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.arrow');
  const [first] = viewsOf(1);
  const failing = writeFeatureStore(path, { provenance, channels: CHANNELS }, async (writer) => {
    await writer.append(first);
    expect((await readdir(folder)).every((name) => name.endsWith('.tmp'))).toBe(true);
    throw new Error('stopped');
  });
  await expect(failing).rejects.toThrow('stopped');
  expect(await readdir(folder)).toEqual([]);
});

test('what does not belong into a store is refused', async () => {
  const [first, second] = viewsOf(1);
  const write = (...views: FeatureView[]) => written(views);
  await expect(write()).rejects.toThrow('a feature store of 0 views');
  await expect(write(first)).rejects.toThrow('all of its 2 views');
  await expect(write(second)).rejects.toThrow("view 'scale 1/2' of image-0 where 'scale 1' is due");
  await expect(write({ ...first, features: first.features.subarray(1) })).rejects.toThrow('59 features');
  await expect(write({ ...first, labels: Uint16Array.from(first.labels) })).rejects.toThrow('not of 8 bits');
  await expect(write({ ...first, features: first.features.map(() => Number.NaN) })).rejects.toThrow(
    'the features of image-0 are not finite',
  );
});

test('the guard gives channels of seen classes only', async () => {
  const store = await FeatureStore.open(await written(viewsOf(1)));
  const guarded = new SeenOnlyFeatures(store, { seen: [2, 1], unseen: [4] });
  const { labels, features } = await guarded.read(0);
  expect([...labels]).toEqual([1, 0, 255, 255, 1, 0, 255, 255, 1, 0, 255, 255]);
  const batch = new Float32Array(features.length);
  expect((await guarded.readInto(0, batch)).labels).toEqual(labels);
  expect(batch).toEqual(features);
  await store.close();
});

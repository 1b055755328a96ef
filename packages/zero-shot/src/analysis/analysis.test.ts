import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REGENERATIONS } from '@unseen/analysis';
import type { Contextualized } from '@unseen/contextual';
import { IGNORE, sha256 } from '@unseen/core';
import { FeatureStore } from '@unseen/data';
import { loadExperiment, openTrainedRun, runExperiment, type TrainedRun } from '@unseen/experiment';
import type { Ops } from '@unseen/tensor';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { cagnet } from '../cagnet/cagnet.ts';
import { analyzeClusters } from './clusters.ts';
import { analyzeContextScale } from './context-scale.ts';
import { type ContextualRun, openContextualRun } from './contextual-run.ts';
import { FeatureSynthesizer } from './feature-synthesizer.ts';
import { analyzeReconstruction } from './reconstruction.ts';
import { namedVectors, writeSyntheticFeatures } from './synthetic-features.ts';

const INSTANT = join(import.meta.dirname, '../../../../experiments/cagnet/toy-instant.yaml');
const methods = { cagnet };

let dir: string;
let trained: TrainedRun;
let run: ContextualRun;
let before: Record<string, string>;

/** SHA-256 of every file of the run. */
async function content(): Promise<Record<string, string>> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, sha256(await readFile(path))] as const)),
  );
}

beforeAll(async () => {
  dir = temporaryFolder();
  const out = join(dir, 'run');
  await runExperiment(await loadExperiment(INSTANT, { methods, set: ['report.panels=0'] }), { out });
  before = await content();
  trained = await openTrainedRun(out, { methods });
  run = await openContextualRun(trained);
}, 60_000);
afterAll(async () => {
  run.close();
  trained.close();
});

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const few = { images: 6, pictures: 2 } as const;

test('the selector is counted over the labelled pixels of every class and every size once', async () => {
  const { analysis, images, legend } = await analyzeContextScale(run, { ...few });
  expect(analysis.scales.map(({ receptiveField, pixels }) => [receptiveField, pixels])).toEqual([
    [3, 12],
    [7, 28],
    [17, 68],
  ]);
  const { all, groups, classes, sizes } = analysis;
  expect(all.pixels).toBeGreaterThan(50);
  for (const rows of [Object.values(groups), classes, sizes]) {
    expect(sum(rows.map(({ pixels }) => pixels))).toBe(all.pixels);
    for (const [k, share] of all.shares.entries()) {
      expect(sum(rows.map(({ pixels, shares }) => pixels * shares[k])) / all.pixels).toBeCloseTo(share, 9);
    }
  }
  expect(sum(all.shares) + all.undecided).toBeCloseTo(1, 9);
  expect(analysis.range[0]).toBeLessThan(analysis.range[1]);
  expect(images.map(({ pictures }) => pictures.length)).toEqual([6, 6]);
  expect(images[0].pictures[0].image).toMatchObject({ height: 64, width: 64 });
  expect(legend).toHaveLength(3);
  expect(analysis.warnings.join()).toContain('Only 6 images');
});

test('training images show no unseen class', async () => {
  const { analysis } = await analyzeContextScale(run, { ...few, subset: 'train' });
  expect(analysis.groups.unseen.pixels).toBe(0);
  expect(analysis.groups.seen.pixels).toBeGreaterThan(50);
});

test('regenerated features have errors by class; a class mean errs least of all constants', async () => {
  const { analysis, images } = await analyzeReconstruction(run, { ...few });
  expect(analysis.joint).toBe(true);
  for (const { pixels, ...row } of analysis.classes) {
    for (const way of REGENERATIONS) {
      if (pixels === 0) expect(row[way]).toBeNull();
      else expect(row[way]).toBeGreaterThanOrEqual(0);
    }
  }
  const { seen, unseen } = analysis.groups;
  expect(seen.pixels + unseen.pixels).toBe(analysis.all.pixels);
  expect(seen.mean).toBeLessThan(seen.swapped!);
  expect(images[0].pictures.map(({ name }) => name)).toEqual(['image', 'truth', ...REGENERATIONS]);
});

/** Features that are their own latent code, and a generator that gives back the code. */
const IDENTITY = {
  contextual: {
    forward<V>(ops: Ops<V>, h: V): Contextualized<V> {
      const zero = ops.mul(h, ops.scalar(0));
      return { features: h, mu: h, z: h, logVariance: zero, selection: h };
    },
  },
  generator: { forward: <V>(_: Ops<V>, __: V, latent: V): V => latent },
};

test('a generator that gives back a code which is the feature has no error, and noise has', async () => {
  const { analysis } = await analyzeReconstruction({ ...run, networks: IDENTITY }, { ...few });
  expect(analysis.all.context).toBe(0);
  expect(analysis.all.swapped).toBe(0);
  expect(analysis.all.zero).toBeGreaterThan(0);
  expect(analysis.all.noise).toBeGreaterThan(analysis.all.zero!);
  expect(analysis.all.mean).toBeGreaterThan(0);
});

test('clusters are those of the class; more of them explain more', async () => {
  const { analysis, images } = await analyzeClusters(run, { ...few, clusters: [1, 3], points: 20 });
  const { clustered, clusterings, projected } = analysis;
  expect(clustered.group).toBe('unseen');
  expect(clusterings.map(({ sizes }) => sum(sizes))).toEqual([clustered.sampled, clustered.sampled]);
  expect(clusterings[0].explained).toBeCloseTo(0, 6);
  expect(clusterings[1].explained).toBeGreaterThan(0);
  expect(projected[0].name).toBe(clustered.name);
  expect(projected.length).toBeGreaterThan(3);
  for (const { real, generated } of projected) {
    expect(real.length).toBeGreaterThan(0);
    expect(generated).toHaveLength(20);
  }
  expect(images[0].pictures.map(({ name }) => name)).toEqual(['image', 'truth', 'clusters-1', 'clusters-3']);
  // What is not of the class is the photo itself.
  const [photo, , painted] = images[0].pictures;
  const untouched = photo.image.data.filter((value, i) => value === painted.image.data[i]).length;
  expect(untouched).toBeGreaterThan(photo.image.data.length / 3);
});

test('an analysis gives the same numbers twice', async () => {
  const options = { ...few, images: 3, clusters: [2], points: 5 };
  expect((await analyzeClusters(run, options)).analysis).toEqual((await analyzeClusters(run, options)).analysis);
  expect((await analyzeReconstruction(run, few)).analysis).toEqual((await analyzeReconstruction(run, few)).analysis);
});

test('bad choices are explained', async () => {
  await expect(analyzeClusters(run, { className: 'yelow dotted' })).rejects.toThrow(/did you mean 'yellow dotted'/);
  await expect(analyzeClusters(run, { clusters: [0] })).rejects.toThrow(/0 clusters; expected numbers from 1/);
  await expect(analyzeClusters(run, { ...few, subset: 'train', className: 'yellow dotted' })).rejects.toThrow(
    /no image of 'train' has a labelled pixel of 'yellow dotted'/,
  );
  await expect(analyzeClusters(run, { ...few, clusters: [4], maxPixels: 3 })).rejects.toThrow(/4 clusters of 3/);
});

test('a method without a contextual module is one clear error', async () => {
  const { cagnet: _, ...config } = run.config;
  const other = { ...trained, config: { ...config, method: 'spnet' } };
  await expect(openContextualRun(other)).rejects.toThrow(/a run of 'spnet', which has no contextual module/);
  const { cagnet: own } = run.config;
  const network = { ...own.network, contextual: { ...own.network.contextual, use: false } };
  const without = { ...trained, config: { ...run.config, cagnet: { ...own, network } } };
  await expect(openContextualRun(without)).rejects.toThrow(/does without its contextual module/);
});

test('a control is looked at with the vectors that it has learnt with', async () => {
  const { embeddings } = run.config;
  const control = { ...run.config, embeddings: { ...embeddings, control: 'rotate-unseen' as const } };
  const opened = await openContextualRun({ ...trained, config: control });
  opened.close();
  const first = run.run.protocol.split.seen.length;
  expect(opened.vectors.slice(0, first)).toEqual(run.vectors.slice(0, first));
  expect(opened.vectors.slice(first)).toEqual([...run.vectors.slice(first + 1), run.vectors[first]]);
});

test('synthetic features are an Arrow file that any reader reads and damage spoils', async () => {
  const path = join(dir, 'noise.arrow');
  const classes = await namedVectors(run, ['yellow dotted', 'red plain']);
  const written = await writeSyntheticFeatures(run, path, { classes, count: 1500 });
  expect(written).toEqual({ maps: 1, height: 1, width: 1500, channels: 32 });
  const table = tableFromIPC(await readFile(path));
  expect(table.numRows).toBe(3000);
  expect(table.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'feature: FixedSizeList[32]<Float32>',
    'label: Uint8',
  ]);
  expect(table.get(0)!.label).toBe(classes[0].id);
  expect(table.get(2999)!.label).toBe(classes[1].id);
  const values = [...table.get(1200)!.feature] as number[];
  expect(values.every((value) => value > 0 && value < 1)).toBe(true);

  const again = join(dir, 'again.arrow');
  await writeSyntheticFeatures(run, again, { classes, count: 1500 });
  expect(sha256(await readFile(again))).toBe(sha256(await readFile(path)));
  await writeSyntheticFeatures(run, again, { classes, count: 1500, seed: 1 });
  expect([...tableFromIPC(await readFile(again)).get(0)!.feature]).not.toEqual([...table.get(0)!.feature]);

  const bytes = await readFile(path);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(again, bytes);
  const store = await FeatureStore.open(again);
  await expect(Promise.all([store.read(0), store.read(1)])).rejects.toThrow(/cannot be read/);
  await store.close();
});

test('features in the context of an image are those of its positions', async () => {
  const image = { height: 50, width: 40, data: Uint8Array.from({ length: 6000 }, (_, i) => (i * 7) % 251) };
  const [one] = await namedVectors(run, ['white striped']);
  const path = join(dir, 'image.arrow');
  const written = await writeSyntheticFeatures(run, path, { classes: [one], image: { id: 'photo', image } });
  expect(written).toMatchObject({ maps: 1, height: 16, width: 16 });
  const synthesizer = new FeatureSynthesizer(run);
  const { mu } = await synthesizer.contextOf(image);
  const expected = await synthesizer.synthesize(one.vector, mu);
  synthesizer.dispose();
  const store = await FeatureStore.open(path, { subset: 'synthetic', views: ['white striped'] });
  const { id, features, labels } = await store.read(0);
  await store.close();
  expect(id).toBe('photo#0');
  expect(features).toEqual(expected);
  expect(new Set(labels)).toEqual(new Set([one.id]));

  await writeSyntheticFeatures(run, path, { classes: [one], image: { id: 'photo', image }, count: 2 });
  const drawn = await FeatureStore.open(path);
  const maps = [await drawn.read(0), await drawn.read(1)];
  await drawn.close();
  expect(maps.map((map) => map.id)).toEqual(['photo#0', 'photo#1']);
  expect(maps[0].features).not.toEqual(maps[1].features);
});

test('vectors of other classes are taken as they are; unfit ones are refused', async () => {
  const path = join(dir, 'own.arrow');
  const vector = Float32Array.from(run.vectors[0], (value) => -value);
  await writeSyntheticFeatures(run, path, { classes: [{ name: 'mine', vector }], count: 3 });
  expect([...tableFromIPC(await readFile(path))].map((row) => row!.label)).toEqual([IGNORE, IGNORE, IGNORE]);
  const short = { name: 'short', vector: new Float32Array(2) };
  await expect(writeSyntheticFeatures(run, path, { classes: [short] })).rejects.toThrow(
    /vector of 'short' has 2 numbers; expected/,
  );
  const twice = [
    { name: 'mine', vector },
    { name: 'mine', vector },
  ];
  await expect(writeSyntheticFeatures(run, path, { classes: twice })).rejects.toThrow(/'mine' is named twice/);
  await expect(namedVectors(run, ['no such thing'])).rejects.toThrow(/no such thing/);
});

test('nothing of the run has changed', async () => {
  const after = await content();
  for (const [path, hash] of Object.entries(before)) expect(after[path], path).toBe(hash);
});

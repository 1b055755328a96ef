import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import {
  ContiguousLabels,
  FeatureStore,
  guardTraining,
  openDataset,
  readRawMask,
  SeenOnlyFeatures,
  writeFeatureStore,
} from '@unseen/data';
import { evaluateScorers, LabelledBatches, labelledRows, listImages, predictImages } from '@unseen/experiment';
import { decodeIndexedPng, encodeIndexedPng, encodeRgbPng } from '@unseen/formats';
import { listMasks, pairMasks, scoreMasks } from '@unseen/metrics';
import { ClassVectors } from '@unseen/synthesis';
import { createEagerEngine } from '@unseen/tensor';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const [CLASSES, SEEN, HEIGHT, WIDTH] = [300, 280, 10, 30];
/** Channel 255 is a class here, and so is id 255. */
const ids = Array.from({ length: CLASSES }, (_, i) => i);
const split = { seen: ids.slice(0, SEEN), unseen: ids.slice(SEEN) };
/** Every class once, the last pixel unlabelled. */
const truth = Uint16Array.from(ids, (id) => (id === 299 ? 0xffff : id));
const random = () => new SeedTree(0).stream();

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  const photo = encodeRgbPng({ height: HEIGHT, width: WIDTH, data: new Uint8Array(3 * CLASSES) });
  const files = {
    'many.yaml': [
      ...['name: many', 'layout: folder', 'subsets: {train: ids.txt, val: ids.txt}', 'classes:'],
      ...ids.map((id) => `  - {id: ${id}, name: class ${id}}`),
      `splits: {default: {seen: [${split.seen}], unseen: [${split.unseen}]}}`,
    ].join('\n'),
    'ids.txt': 'a\n',
    'images/a.png': photo,
    'masks/a.png': encodeIndexedPng({ height: HEIGHT, width: WIDTH, data: truth }),
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
});

test('the guard hides unseen classes, and channels need 16 bits', async () => {
  const dataset = await openDataset(join(folder, 'many.yaml'));
  const [sample] = guardTraining(dataset).samples;
  const mask = await sample.mask!();
  expect(mask.data).toEqual(truth.map((id) => (id < SEEN ? id : 0xffff)));
  const labels = new ContiguousLabels(dataset.splits.default);
  expect(labels.toTrainChannels(mask).data).toEqual(mask.data);
  const whole = labels.toTestChannels(await dataset.val[0].mask!());
  expect(whole.data).toEqual(truth);
  expect(labels.toRaw(whole).data).toEqual(truth);
});

test('stores keep them, and batches tell labelled positions from others', async () => {
  const path = join(folder, 'a.features.arrow');
  const provenance = {
    ...{ backbone: 'b', weights: 'w', config: 'c', dataset: 'many', subset: 'train', views: ['scale 1'] },
    normalization: { channelOrder: 'rgb', mean: [0, 0, 0], std: [1, 1, 1] } as const,
  };
  await writeFeatureStore(path, { provenance, channels: 1, labelBits: 16 }, async (writer) => {
    const features = Float32Array.from(truth, (_, i) => i);
    await writer.append({ id: 'a', view: 'scale 1', height: HEIGHT, width: WIDTH, features, labels: truth });
  });
  const store = await FeatureStore.open(path, provenance);
  try {
    const guarded = new SeenOnlyFeatures(store, split);
    const { labels } = await guarded.read(0);
    expect(labels).toEqual(truth.map((id) => (id < SEEN ? id : 0xffff)));
    expect([...(await guarded.support()).keys()]).toHaveLength(SEEN);
    const batches = new LabelledBatches({
      sources: [
        {
          ...{ length: 1, grid: [HEIGHT, WIDTH], channels: 1 },
          read: async (index, target, offset) => (await guarded.readInto(index, target, offset)).labels,
        },
      ],
      ...{ batch: 1, classes: SEEN, random: random() },
    });
    await batches.advance();
    const rows = labelledRows(batches.labels[0], SEEN, CLASSES);
    expect([...rows.labels.subarray(0, SEEN)]).toEqual(split.seen);
    expect(new Set(rows.labels.subarray(SEEN))).toEqual(new Set([0xffff]));
  } finally {
    await store.close();
  }
});

test('vectors are found by label, and are 0 for what is unlabelled', async () => {
  const vectors = new ClassVectors(ids.map((id) => Float32Array.of(id + 1, id)));
  const executable = (await createEagerEngine('cpu')).compile({
    name: 'test',
    inputs: { labels: { shape: [2, 2], dtype: 'int32' } },
    describe: (ops, { labels }) => ({ outputs: { found: vectors.lookUp(ops, labels) } }),
  });
  const found = await executable.run({ labels: Int32Array.of(255, 299, 0xffff, 0) }).read('found');
  expect([...found]).toEqual([256, 255, 300, 299, 0, 0, 1, 0]);
  executable.dispose();
});

/** Scores of a predictor that is right but for channel 255, which it takes for 256. */
const scores = Float32Array.from({ length: CLASSES * CLASSES }, (_, i) => {
  const [pixel, channel] = [Math.floor(i / CLASSES), i % CLASSES];
  return channel === (pixel === 255 ? 256 : pixel) ? 1 : 0;
});

test('evaluation counts every class', async () => {
  const map = { id: 'a', height: HEIGHT, width: WIDTH, data: truth };
  const { method } = await evaluateScorers({
    images: (async function* () {
      yield { id: 'a', truth: map, image: () => Promise.reject(new Error('not asked for')) };
    })(),
    scorers: { method: async () => ({ height: HEIGHT, width: WIDTH, channels: CLASSES, data: scores }) },
    classes: ids.map((id) => ({ id, name: `class ${id}`, color: [0, 0, 0] as const })),
    split,
    resolution: 'original',
  });
  expect(method.pixels).toMatchObject({ labelled: 299, outside: 0 });
  expect(method.PA).toBeCloseTo(298 / 299, 12);
  expect([254, 255, 256, 298].map((channel) => method.perClass[channel].iou)).toEqual([1, 0, 1 / 2, 1]);
  expect(method.vanilla?.PA).toBe(1);
});

test('predicted masks are 16-bit pictures, which the scoring of folders reads back', async () => {
  const { images } = await predictImages({
    model: {
      ...{ outputStride: 1, input: 'any', classes: ids },
      logits: async () => ({ height: HEIGHT, width: WIDTH, data: scores }),
    },
    classes: ids.map((id) => ({ id, name: `class ${id}`, color: [0, 0, 0] as const })),
    files: (await listImages([join(folder, 'images/a.png')])).files,
    out: join(folder, 'out'),
  });
  expect(images[0].void).toBe(0);
  expect(images[0].shares['class 256']).toBe(2 / CLASSES);
  const expected = Uint16Array.from(ids, (id) => (id === 255 ? 256 : id));
  expect(decodeIndexedPng(await readFile(images[0].mask), 'mask').data).toEqual(expected);
  const read = (path: string, id: string) => readRawMask(path, id);
  const [real, predicted] = [
    await listMasks(join(folder, 'masks'), { read }),
    await listMasks(join(folder, 'out/masks'), { read }),
  ];
  const { metrics } = await scoreMasks({
    pairs: pairMasks(real.masks, predicted.masks).pairs,
    classes: ids.map((id) => ({ id, name: `class ${id}`, group: id < SEEN ? 'seen' : 'unseen' })),
    ignore: [0xffff],
    resolution: 'original',
  });
  expect(metrics.PA).toBeCloseTo(298 / 299, 12);
});

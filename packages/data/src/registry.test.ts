import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '@unseen/formats';
import { normalize, resizeBilinear, resizeNearest } from '@unseen/vision';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { checkDataset } from './check-dataset.ts';
import { openDataset } from './open-dataset.ts';
import { datasetPath, listDatasets } from './registry.ts';
import { writeFiles } from './small-dataset.suite.ts';

test('every registered dataset has a description and a valid file', async () => {
  const list = await listDatasets();
  const names = list.map(({ name }) => name);
  for (const name of ['toy-attributes', 'coco200', 'voc-animals']) expect(names).toContain(name);
  expect(list.every(({ description }) => description.length > 10)).toBe(true);
  expect(list.find(({ name }) => name === 'coco200')).toMatchObject({
    classes: 133,
    splits: { default: [25, 9], tuning: [19, 6] },
  });
  expect(await datasetPath('coco200')).toMatch(/datasets[/\\]coco200\.yaml$/);
  expect(await datasetPath('mine.yml')).toBe('mine.yml');
});

const shared = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared');

interface ReferenceClass {
  readonly name: string;
  readonly id: number;
  readonly wordRow: number;
  readonly valPixels: number;
  readonly valImages: number;
}

interface SplitFile {
  readonly seen: readonly ReferenceClass[];
  readonly unseen: readonly ReferenceClass[];
  readonly order: readonly number[];
}

describe.skipIf(!existsSync(join(shared, 'reference')))('against the reference protocol', () => {
  test.each(['coco200', 'voc-animals'])('%s: ids, order and word-vector rows', async (name) => {
    const reference = JSON.parse(readFileSync(join(shared, 'reference', `${name}.split.json`), 'utf8')) as SplitFile;
    const { classes, splits } = await openDataset(name);
    expect([...splits.default.seen, ...splits.default.unseen]).toEqual(reference.order);
    expect(splits.default.unseen).toEqual(reference.unseen.map(({ id }) => id));
    for (const { name, id, wordRow } of [...reference.seen, ...reference.unseen]) {
      expect(classes.find((info) => info.id === id)).toMatchObject({ name, wordRow });
    }
  });

  test('real masks: pixels and images per class on the grid of the reference', async () => {
    const reference = JSON.parse(readFileSync(join(shared, 'reference', 'coco200.split.json'), 'utf8')) as SplitFile;
    const { val } = await openDataset('coco200');
    const onGrid = val.map((sample) => ({
      ...sample,
      mask: async () => resizeNearest(resizeNearest((await sample.mask?.())!, 320, 320), 20, 20),
      image: () => sample.image(),
    }));
    const { support, problems } = await checkDataset({ ...(await openDataset('coco200')), train: [], val: onGrid });
    expect(problems.filter((problem) => problem.includes('unseen') || problem.includes('mask'))).toEqual([]);
    for (const { id, valPixels, valImages } of [...reference.seen, ...reference.unseen]) {
      expect(support.find((row) => row.id === id)?.val).toEqual({ pixels: valPixels, images: valImages });
    }
  });

  test('VOC: void and image labels', async () => {
    const { train } = await openDataset('voc-animals');
    expect(train.length).toBe(437);
    expect((await train[0].mask?.())?.data).toContain(255);
    expect(train[0].imageLabels).toEqual([9, 12]);
  });

  test('panoptic files and the 8-bit form of them agree', async () => {
    const folder = temporaryFolder();
    const yaml = readFileSync(await datasetPath('coco200'), 'utf8')
      .replace('layout: folder', 'layout: coco-panoptic')
      .replace('images: JPEGImages', 'images: {train: JPEGImages, val: JPEGImages}')
      .replace('masks: semantic133', 'masks: {train: panoptic, val: panoptic}')
      .replace(
        'subsets: {train: coco200/train.txt, val: coco200/val.txt}',
        'annotations: {train: panoptic_train2017.json, val: panoptic_val2017.json}',
      );
    await writeFiles(folder, { 'p.yaml': yaml });
    const [panoptic, semantic] = [await openDataset(join(folder, 'p.yaml')), await openDataset('coco200')];
    expect(panoptic.val.map(({ id }) => id).sort()).toEqual(semantic.val.map(({ id }) => id).sort());
    for (const sample of panoptic.val.slice(0, 4)) {
      const data = Uint8Array.from((await sample.mask?.())?.data ?? []);
      const other = Uint8Array.from((await semantic.val.find(({ id }) => id === sample.id)?.mask?.())?.data ?? []);
      expect(data.length).toBeGreaterThan(1000);
      expect(Buffer.compare(data, other)).toBe(0);
      expect(new Set(sample.imageLabels)).toEqual(new Set(data.filter((id) => id !== 255)));
    }
  });

  test('decoded and warped photos are those of the reference', async () => {
    const file = readFileSync(join(shared, 'reference', 'check_coco_000000000009_input.npy'));
    const wanted = new Float32Array(
      file.buffer.slice(file.byteOffset + 10 + file.readUInt16LE(8), file.byteOffset + file.length),
    );
    const coco = await openDataset('coco200', { root: join(dataFolder(), 'coco_panoptic') });
    const sample = [...coco.train, ...coco.val].find(({ id }) => id === '000000000009');
    const normalization = { channelOrder: 'rgb', mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] } as const;
    const { data } = normalize(resizeBilinear(await sample!.image(), 320, 320), normalization);
    expect(data.length).toBe(wanted.length);
    // The decoders agree to the bit; what is left is single against double precision in the interpolation.
    const worst = data.reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i])), 0);
    expect(worst).toBeLessThan(0.02 / 127.5);
  });
});

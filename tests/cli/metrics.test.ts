import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomStream } from '@unseen/core';
import { LAYOUTS, openDataset } from '@unseen/data';
import { encodeIndexedPng, encodeRgbPng } from '@unseen/formats';
import { beforeEach, expect, test } from 'vitest';
import { exported } from '../data/layout-fixtures.ts';
import { unseen, unseenJson } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const DATASET = `name: animals
description: three classes
layout: folder
root: .
images: images
masks: gt
subsets: { train: train.txt, val: val.txt }
classes:
  - { id: 1, name: cat }
  - { id: 2, name: dog }
  - { id: 5, name: lynx }
  - { id: 9, name: eel }
splits:
  default: { seen: [1, 2], unseen: [5, 9] }
`;
const [HEIGHT, WIDTH] = [7, 9];
const IDS = [1, 2, 5, 9];

let dir: string;
beforeEach(async () => {
  dir = temporaryFolder();
  for (const folder of ['gt', 'pred', 'images']) await mkdir(join(dir, folder));
  await writeFile(join(dir, 'animals.yaml'), DATASET);
});

const png = (values: Uint8Array) => encodeIndexedPng({ height: HEIGHT, width: WIDTH, data: values });
const score = (...extra: string[]) =>
  unseen(['metrics', '--pred', 'pred', '--gt', 'gt', '--dataset', 'animals.yaml', '--json', ...extra], dir);

async function subset(name: 'train' | 'val', ids: readonly string[]): Promise<void> {
  await writeFile(join(dir, `${name}.txt`), ids.map((id) => `${id}\n`).join(''));
  for (const id of ids)
    await writeFile(join(dir, 'images', `${id}.png`), encodeRgbPng({ height: 1, width: 1, data: new Uint8Array(3) }));
}

test('the figures equal an independent count, with ignored pixels, an absent class and predictions outside the table', async () => {
  const random = new RandomStream([1, 2, 3, 4]);
  const pick = (values: readonly number[]) =>
    Uint8Array.from({ length: HEIGHT * WIDTH }, () => values[random.integer(values.length)]);
  const pairs = ['a', 'b', 'c'].map((id) => ({ id, truth: pick([1, 2, 5, 255]), guess: pick([1, 2, 5, 77]) }));
  for (const { id, truth, guess } of pairs) {
    await writeFile(join(dir, 'gt', `${id}.png`), png(truth));
    await writeFile(join(dir, 'pred', `${id}.png`), png(guess));
  }
  await subset('train', ['a']);
  await subset('val', ['b', 'c']);

  const count = (used: typeof pairs) => {
    const pixels = used
      .flatMap(({ truth, guess }) => [...truth].map((t, i) => [t, guess[i]]))
      .filter(([t]) => t !== 255);
    const iou = (id: number) => {
      const both = pixels.filter(([t, g]) => t === id && g === id).length;
      return both / pixels.filter(([t, g]) => t === id || g === id).length;
    };
    const seen = (iou(1) + iou(2)) / 2;
    return {
      PA: pixels.filter(([t, g]) => t === g).length / pixels.length,
      seen,
      unseen: iou(5),
      harmonic: (2 * seen * iou(5)) / (seen + iou(5)),
    };
  };
  for (const [args, used] of [
    [[], pairs],
    [['--subset', 'val'], pairs.slice(1)],
  ] as const) {
    const { code, stderr, lastLine } = await score(...args);
    expect(stderr).toContain('lynx');
    expect(stderr).toMatch(/[1-9]\S* % of the scored pixels are predicted as values that no class of the split has/);
    expect(code).toBe(0);
    const { metrics, images } = JSON.parse(lastLine);
    const expected = count([...used]);
    expect(images).toBe(used.length);
    expect(metrics.PA).toBeCloseTo(expected.PA, 12);
    expect(metrics.seenMIoU).toBeCloseTo(expected.seen, 12);
    expect(metrics.unseenMIoU).toBeCloseTo(expected.unseen, 12);
    expect(metrics.hIoU).toBeCloseTo(expected.harmonic, 12);
    expect(metrics.perClass.map((c: { id: number }) => c.id)).toEqual(IDS);
    expect(metrics.perClass[3]).toMatchObject({ name: 'eel', iou: null, accuracy: null, support: 0 });
  }
});

test('masks that cannot be scored are one clear error each', async () => {
  await subset('train', ['a']);
  await subset('val', ['a']);
  const good = png(new Uint8Array(HEIGHT * WIDTH).fill(1));
  const cases = [
    {
      gt: good,
      pred: encodeIndexedPng({ height: 1, width: 1, data: new Uint8Array([1]) }),
      message: 'masks of the same size',
    },
    {
      gt: png(new Uint8Array(HEIGHT * WIDTH).fill(3)),
      pred: good,
      message: 'has the value 3 at row 0, column 0, which no class has',
    },
    { gt: encodeRgbPng({ height: 1, width: 1, data: new Uint8Array(3) }), pred: good, message: 'a.png' },
    { gt: good.subarray(0, 40), pred: good, message: 'a.png' },
  ];
  for (const { gt, pred, message } of cases) {
    await writeFile(join(dir, 'gt/a.png'), gt);
    await writeFile(join(dir, 'pred/a.png'), pred);
    const { code, stderr } = await score();
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('bug in unseen');
  }
  await rm(join(dir, 'pred/a.png'));
  expect((await score()).stderr).toContain('has no masks');
});

test.each(LAYOUTS)('perfect predictions score 100 with the stored values of the layout %s', async (layout) => {
  const { folder, yaml } = await exported(layout);
  const text = (await readFile(yaml, 'utf8')).replace('ignore: []', 'ignore: [2]\nmap: {1: dog, 7: 33, 33: cat}');
  await writeFile(
    yaml,
    `${text.replace(/imageLabels: .*\n/, '').replace('seen: [7, 1], unseen: [2]', 'seen: [1], unseen: [33]')}`,
  );
  const { val } = await openDataset(yaml);
  const { data, ...size } = (await val[0].mask!())!;
  expect([...data]).toEqual([1, 1, 1, 2, 2, 2]);
  await mkdir(join(folder, 'pred'));
  const ending = layout === 'cityscapes' ? '_leftImg8bit' : '';
  await writeFile(join(folder, 'pred', `0007${ending}.png`), encodeIndexedPng({ ...size, data }));
  const score = (...args: string[]) => unseenJson(folder, 'metrics', '--pred', 'pred', '--dataset', yaml, ...args);
  const { metrics } = await score();
  expect(metrics).toMatchObject({ PA: 1, seenMIoU: 1, pixels: { labelled: 3, outside: 0, unscored: 3 } });
  const masks = { folder: 'masks', voc: 'SegmentationClass', cityscapes: 'gtFine/val' }[layout as string];
  if (masks === undefined) return;
  expect((await score('--gt', masks, '--subset', 'val')).metrics).toEqual(metrics);
});

test('what has no label is told, and 255 is a class where the map says so', async () => {
  await subset('train', ['a']);
  await subset('val', ['a']);
  await writeFile(join(dir, 'gt/a.png'), png(new Uint8Array(HEIGHT * WIDTH).fill(255).fill(1, 0, 7)));
  await writeFile(join(dir, 'pred/a.png'), png(new Uint8Array(HEIGHT * WIDTH).fill(1)));
  const { stderr } = await score();
  expect(stderr).toContain('88.9 % of the pixels are unlabelled or of other classes');
  expect(stderr).toContain('the score does not cover: dog, lynx, eel');
  await writeFile(join(dir, 'animals.yaml'), `map: {1: cat, 255: dog}\n${DATASET}`);
  const { lastLine } = await score();
  expect(JSON.parse(lastLine).metrics).toMatchObject({ PA: 7 / 63, pixels: { labelled: 63, unscored: 0 } });
});

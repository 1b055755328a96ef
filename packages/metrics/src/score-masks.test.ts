import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { listMasks, pairMasks } from './mask-files.ts';
import { type DecodedMask, scoreMasks } from './score-masks.ts';
import type { MetricClass } from './segmentation-metrics.ts';

const classes: MetricClass[] = [
  { id: 3, name: 'cat', group: 'seen' },
  { id: 300, name: 'sky', group: 'seen' },
  { id: 7, name: 'zebra', group: 'unseen' },
];

const mask = (values: number[], width = values.length): DecodedMask => ({
  height: values.length / width,
  width,
  data: Uint16Array.from(values),
});

/** Scores masks held in memory, keyed by path. */
async function score(
  files: Record<string, DecodedMask>,
  { stems, ...options }: { ignore?: number[]; stems?: string[]; classes?: MetricClass[] } = {},
) {
  const side = (folder: string) =>
    Object.entries(files).flatMap(([path, file]) =>
      path.startsWith(folder)
        ? [{ name: path.slice(folder.length).replace(/\.\w+$/, ''), label: path, read: async () => file }]
        : [],
    );
  const { pairs, unused } = pairMasks(side('gt/'), side('pred/'), stems);
  return { images: pairs.length, unused, ...(await scoreMasks({ pairs, classes, ...options })) };
}

describe('scoreMasks', () => {
  it('equals a count over raw ids of 16-bit masks with ignored and out-of-table values', async () => {
    const random = new SeedTree(5).stream();
    const draw = (values: number[]) => mask(Array.from({ length: 60 }, () => values[random.integer(values.length)]));
    const files: Record<string, DecodedMask> = {};
    for (const id of ['a', 'b', 'c']) {
      files[`gt/${id}.png`] = draw([3, 300, 7, 255, 0]);
      files[`pred/${id}.png`] = draw([3, 300, 7, 255, 65535, 12]);
    }
    const { metrics, images } = await score(files, { ignore: [0, 255] });
    expect(images).toBe(3);
    for (const [channel, { id }] of classes.entries()) {
      let [both, either, support] = [0, 0, 0];
      for (const image of ['a', 'b', 'c']) {
        const predicted = files[`pred/${image}.png`].data;
        files[`gt/${image}.png`].data.forEach((g, i) => {
          if (g === 0 || g === 255) return;
          both += Number(g === id && predicted[i] === id);
          either += Number(g === id || predicted[i] === id);
          support += Number(g === id);
        });
      }
      expect(metrics.perClass[channel]).toMatchObject({ id, iou: both / either, accuracy: both / support, support });
    }
  });

  it('pairs files by stem whatever their extension and order, and scores a subset on demand', async () => {
    const files = {
      'gt/b.png': mask([7]),
      'gt/a.png': mask([3]),
      'pred/a.tif': mask([3]),
      'pred/b.tif': mask([3]),
    };
    expect((await score(files)).metrics.PA).toBe(0.5);
    const subset = await score(files, { stems: ['a'] });
    expect([subset.metrics.PA, subset.images, subset.unused]).toEqual([1, 1, 2]);
  });

  it.each([
    [
      'a missing prediction',
      { 'gt/a.png': mask([3]), 'gt/b.png': mask([3]), 'pred/a.png': mask([3]) },
      /1 of 2 images have no predicted mask: b/,
    ],
    [
      'a missing truth',
      { 'gt/a.png': mask([3]), 'pred/a.png': mask([3]), 'pred/x.png': mask([3]) },
      /no ground-truth mask: x/,
    ],
    ['nothing', {}, /no mask to score/],
    [
      'another size',
      { 'gt/a.png': mask([3, 3, 3, 3], 2), 'pred/a.png': mask([3, 3, 3, 3], 4) },
      /pred\/a.png is 1x4, but gt\/a.png is 2x2.*same size/,
    ],
    [
      'a colour mask',
      { 'gt/a.png': mask([3]), 'pred/a.png': { height: 1, width: 1, data: new Uint8Array(3) } },
      /pred\/a.png is a colour image of 3 channels/,
    ],
    [
      'a value of no class',
      { 'gt/a.png': mask([9, 9, 3]), 'pred/a.png': mask([3, 3, 3]) },
      /gt\/a.png has values that no class has: 9 \(2 pixels\)/,
    ],
    ['two files of one name', { 'gt/a.png': mask([3]), 'pred/a.png': mask([3]), 'pred/a.tif': mask([3]) }, /same name/],
  ])('refuses %s', async (_, files, message) => {
    await expect(score(files)).rejects.toThrow(message);
  });

  it('refuses a class whose id is ignored or used twice', async () => {
    const files = { 'gt/a.png': mask([3]), 'pred/a.png': mask([3]) };
    await expect(score(files, { ignore: [3] })).rejects.toThrow(/id 3 of class 'cat' is an ignored value/);
    await expect(score(files, { classes: [classes[0], { ...classes[1], id: 3 }] })).rejects.toThrow(/used twice/);
  });

  it('pairs images of one name by their folders, and others without', async () => {
    const apart = {
      'gt/n/a.png': mask([3]),
      'gt/s/a.png': mask([7]),
      'pred/n/a.png': mask([3]),
      'pred/s/a.png': mask([7]),
    };
    expect((await score(apart)).metrics.PA).toBe(1);
    expect((await score({ 'gt/n/a.png': mask([3]), 'pred/a.png': mask([3]) }, { stems: ['n/a'] })).images).toBe(1);
    await expect(score({ ...apart, 'pred/a.png': mask([3]) })).rejects.toThrow(/no ground-truth mask: a/);
  });

  it('counts what is not scored', async () => {
    const files = { 'gt/a.png': mask([3, 255, 0, 7]), 'pred/a.png': mask([3, 3, 3, 9]) };
    expect((await score(files, { ignore: [0, 255] })).metrics.pixels).toEqual({ labelled: 2, outside: 1, unscored: 2 });
  });
});

describe('listMasks', () => {
  const listed = async (folder: string, endings: string[] = []) => {
    const { masks, passedOver } = await listMasks(folder, { read: async (path, name) => `${path} ${name}`, endings });
    return { names: masks.map(({ name }) => name), passedOver, first: await masks[0].read() };
  };

  it('lists mask files in order, without hidden and side files, and names an empty or missing folder', async () => {
    const folder = temporaryFolder();
    await expect(listed(folder)).rejects.toThrow(/has no masks; expected PNG files; name the folder/);
    const [deep, tiff] = [join(folder, 'deep'), join(folder, 'deep', 'a.TIF')];
    await mkdir(deep);
    await writeFile(tiff, '');
    await expect(listed(folder)).rejects.toThrow('save deep/a.TIF and the others as PNG');
    await rm(deep, { recursive: true });
    await expect(listed(join(folder, 'nowhere'))).rejects.toThrow(/nowhere does not exist/);
    await mkdir(join(folder, 'deeper.png'));
    await mkdir(join(folder, '.ipynb_checkpoints'));
    for (const name of ['b.png', 'a.PNG', '._b.png', 'notes.txt', 'deeper.png/c.png', '.ipynb_checkpoints/b.png']) {
      await writeFile(join(folder, name), '');
    }
    expect(await listed(folder)).toEqual({
      ...{ names: ['a', 'b', 'deeper.png/c'], passedOver: [], first: `${join(folder, 'a.PNG')} a` },
    });
  });

  it('pairs names with what addresses encode', () => {
    const side = (...names: readonly string[]) => names.map((name) => ({ name, label: name, read: async () => name }));
    const { pairs } = pairMasks(side('a b', 'c%', 'd%20e'), side('a%20b', 'c%', 'd e'));
    expect(pairs.map(({ prediction }) => prediction.name)).toEqual(['a%20b', 'c%', 'd e']);
  });

  it('takes only files with the ending of masks, where there are some', async () => {
    const folder = temporaryFolder();
    for (const name of ['a_ids.png', 'a_color.png', 'b_ids.png']) await writeFile(join(folder, name), '');
    expect(await listed(folder, ['_ids'])).toMatchObject({ names: ['a', 'b'], passedOver: ['a_color.png'] });
    expect(await listed(folder, ['_other', ''])).toMatchObject({
      names: ['a_color', 'a_ids', 'b_ids'],
      passedOver: [],
    });
  });
});

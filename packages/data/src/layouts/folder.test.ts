import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openDataset } from '../open-dataset.ts';
import { readDatasetFile } from '../read-dataset-file.ts';
import { maskOf, plainImage, SMALL_YAML, smallDataset, writeFiles } from '../small-dataset.suite.ts';
import { listSubset } from './layouts.ts';

const mask = maskOf(1, 2, [1, 2]);
const files = {
  'images/train/b.jpg': plainImage(1, 2),
  'images/train/more/a.png': plainImage(1, 2),
  'images/train/readme.txt': 'x',
  'images/val/c.png': plainImage(1, 2),
  'annotations/train/b.png': mask,
  'annotations/train/more/a.png': mask,
  'annotations/val/c.png': mask,
};

async function dataset(settings: string, more: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const folder = temporaryFolder();
  const yaml = SMALL_YAML.replace(/subsets: .*/, settings);
  await writeFiles(folder, { ...files, ...more, 'd.yaml': yaml });
  return join(folder, 'd.yaml');
}

test('a folder for each subset needs no lists', async () => {
  const { train, val } = await openDataset(await dataset('images: images/{subset}\nmasks: annotations/{subset}'));
  expect([train, val].map((samples) => samples.map(({ id }) => id))).toEqual([['b', 'more/a'], ['c']]);
  expect([...(await train[1].mask?.())!.data]).toEqual([1, 2]);
  await expect(openDataset(await dataset('masks: annotations'))).rejects.toThrow(/neither 'subsets' nor a folder/);
});

test("the authors' folders: lists of paths in sub-folders", async () => {
  const lists = { 'train.txt': '/old/annotations/train/b.png\n', 'val.txt': '/old/annotations/val/c\n' };
  const settings = 'masks: annotations\nsubsets: {train: $ROOT/train.txt, val: $ROOT/val.txt}';
  const path = await dataset(`${settings}\nlists: {entries: paths, components: 2}`, lists);
  expect((await openDataset(path)).train[0].id).toBe('train/b');
  // Lists below the root follow it.
  const elsewhere = await dataset('images: nowhere\nsubsets: {train: $ROOT/train.txt, val: $ROOT/val.txt}');
  const file = await readDatasetFile(elsewhere, { root: dirname(path) });
  expect((await listSubset(file, 'train')).list).toBe(join(dirname(path), 'train.txt'));
});

test('suffixes tell images and masks apart in one folder', async () => {
  const pair = { 'all/x_rgb.png': plainImage(1, 2), 'all/x_mask.png': mask, 'x.txt': '/stale/x_rgb.png' };
  const settings =
    'images: all\nmasks: all\nsuffixes: {image: _rgb.png, mask: _mask.png}\nsubsets: {train: x.txt, val: x.txt}';
  const path = await dataset(`${settings}\nlists: {entries: paths}`, pair);
  expect([...(await (await openDataset(path)).train[0].mask?.())!.data]).toEqual([1, 2]);
});

test('a listing tells what is there, twice and missing', async () => {
  const path = await smallDataset({ 'train.txt': 'b\nd\n\nb\n' });
  const { entries, list, imageFolder } = await listSubset(await readDatasetFile(path), 'train');
  expect(list).toBe(join(dirname(path), 'train.txt'));
  expect(entries.map(({ id, line, imagePath, maskPath }) => [id, line, imagePath, maskPath])).toEqual([
    ['b', 1, join(imageFolder, 'b.png'), join(dirname(path), 'masks/b.png')],
    ['d', 2, undefined, undefined],
    ['b', 4, join(imageFolder, 'b.png'), join(dirname(path), 'masks/b.png')],
  ]);
  expect(entries[1].rawMask).toBeUndefined();
  expect((await entries[0].rawMask?.())?.data).toEqual(new Uint8Array(6).fill(1));
});

test('images without a mask belong to a dataset that allows them', async () => {
  const settings = 'images: images/{subset}\nmasks: annotations/{subset}';
  const more = { 'images/train/d.png': plainImage(1, 2) };
  await expect(openDataset(await dataset(settings, more))).rejects.toThrow(
    /1 of the 3 images of .* have no mask .*: d/,
  );
  const { train } = await openDataset(await dataset(`${settings}\noptionalMasks: true\nimageLabels: masks`, more));
  expect(train.map(({ id, mask, imageLabels }) => [id, mask !== undefined, imageLabels])).toEqual([
    ['b', true, [1, 2]],
    ['d', false, undefined],
    ['more/a', true, [1, 2]],
  ]);
  expect(await train[1].image()).toMatchObject({ height: 1, width: 2 });
});

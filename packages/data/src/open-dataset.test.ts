import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SeedTree, UserError } from '@unseen/core';
import { encodeIndexedPng, encodeRgbPng } from '@unseen/formats';
import { vocPalette } from '@unseen/vision';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { openDataset } from './open-dataset.ts';
import { maskOf, plainImage, SMALL_YAML, smallDataset, writeFiles } from './small-dataset.suite.ts';

describe('folder layout', () => {
  test('classes, splits and samples', async () => {
    const dataset = await openDataset(await smallDataset());
    expect(dataset.name).toBe('small');
    expect(dataset.classes[1]).toEqual({ id: 2, name: 'dog', color: [1, 2, 3], wordRow: 7 });
    expect(dataset.splits.default).toEqual({ seen: [2, 1], unseen: [4] });
    expect(dataset.train.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await dataset.train[1].image()).toMatchObject({ height: 2, width: 3 });
    const mask = await dataset.train[0].mask?.();
    expect(mask).toEqual({ id: 'a', height: 2, width: 3, data: Uint8Array.of(1, 2, 3, 4, 255, 255) });
  });

  test('a named split becomes the default', async () => {
    const path = await smallDataset();
    expect((await openDataset(path, { split: 'other' })).splits.default).toEqual({ seen: [3], unseen: [1, 2] });
    await expect(openDataset(path, { split: 'othr' })).rejects.toThrow("did you mean 'other'?");
  });

  test('the root of images and masks can be another one', async () => {
    const path = await smallDataset();
    const elsewhere = temporaryFolder();
    await writeFiles(elsewhere, { 'own.yaml': SMALL_YAML, 'train.txt': 'b', 'val.txt': 'c' });
    const dataset = await openDataset(join(elsewhere, 'own.yaml'), { root: dirname(path) });
    expect((await dataset.train[0].image()).data[0]).toBe(7);
  });

  test("255 and 65535 are classes where 'map' says so", async () => {
    const yaml = SMALL_YAML.replace('ignore: [0]', 'map: {0: cat, 255: dog, 65535: sky}');
    const dataset = await openDataset(
      await smallDataset({
        'small.yaml': yaml,
        'masks/a.png': maskOf(2, 3, [0, 255, 0, 255, 0, 255]),
        'masks/b.png': encodeIndexedPng({ height: 2, width: 3, data: Uint16Array.of(0, 255, 0xffff, 0, 0, 0) }),
      }),
    );
    expect((await dataset.train[0].mask?.())?.data).toEqual(Uint8Array.of(1, 2, 1, 2, 1, 2));
    expect((await dataset.train[1].mask?.())?.data).toEqual(Uint8Array.of(1, 2, 3, 1, 1, 1));
    await expect(dataset.val[0].mask?.()).rejects.toThrow(/the value 4 .*value of 'map' \(0, 255, 65535\); correct/);
  });

  test('16-bit ids keep their width and 65535 as unlabelled', async () => {
    const yaml = SMALL_YAML.replace('{id: 3, name: sky}', '{id: 300, name: sky}');
    const dataset = await openDataset(await smallDataset({ 'small.yaml': yaml }));
    const mask = await dataset.val[0].mask?.();
    expect(mask?.data).toEqual(Uint16Array.of(4, 4, 2, 2, 1, 1));
    await expect(dataset.train[0].mask?.()).rejects.toThrow('the value 3 at row 0, column 2');
  });
});

describe('bad input', () => {
  test('a name of more than 200 characters', async () => {
    const yaml = SMALL_YAML.replace('name: sky', `name: ${'x'.repeat(201)}`);
    const path = await smallDataset({ 'small.yaml': yaml });
    await expect(openDataset(path)).rejects.toThrow(/'classes\.2\.name' is 'x{79}…'; expected at most 200 characters/);
  });

  const opened = async (changes: Readonly<Record<string, string | Uint8Array>>) =>
    openDataset(await smallDataset(changes));
  const refused = async (yaml: (text: string) => string, message: RegExp) => {
    const failure = await opened({ 'small.yaml': yaml(SMALL_YAML) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as Error).message).toMatch(message);
  };

  test('a mask of another size', async () => {
    const dataset = await opened({ 'masks/a.png': maskOf(3, 2, [1, 1, 1, 1, 1, 1]) });
    await expect(dataset.train[0].mask?.()).rejects.toThrow(/mask .*a\.png: 3x2, but its image .*a\.png is 2x3/);
  });

  test('a mask value that no class has', async () => {
    const dataset = await opened({ 'masks/b.png': maskOf(2, 3, [1, 1, 1, 1, 9, 1]) });
    await expect(dataset.train[1].mask?.()).rejects.toThrow(/b\.png has the value 9 at row 1, column 1.*1, 2, 3, 4/);
  });

  test('a colour mask', async () => {
    const color = encodeRgbPng({ height: 2, width: 3, data: new Uint8Array(18) });
    const dataset = await opened({ 'masks/a.png': color });
    await expect(dataset.train[0].mask?.()).rejects.toThrow(/a\.png is a colour picture/);
  });

  test('missing images, masks and lists', async () => {
    const path = await smallDataset();
    await rm(join(dirname(path), 'masks/b.png'));
    await expect(openDataset(path)).rejects.toThrow(/1 of the 2 images of .*train\.txt have no mask .*: b;/);
    await rm(join(dirname(path), 'images/a.png'));
    await expect(openDataset(path)).rejects.toThrow(/have no image .*: a;/);
    await rm(join(dirname(path), 'val.txt'));
    await rm(join(dirname(path), 'train.txt'));
    await expect(openDataset(path)).rejects.toThrow(/train\.txt does not exist/);
    await expect(openDataset(path, { root: join(dirname(path), 'nowhere') })).rejects.toThrow(/does not exist/);
  });

  test('files of which one too many fits, and files of types that are not read', async () => {
    const both = { 'images/a.jpg': plainImage(2, 3) };
    await expect(opened(both)).rejects.toThrow(/a\.jpg and .*a\.png are both of image 'a'; expected one image/);
    const masks = { 'masks/a.PNG': maskOf(2, 3, [1, 1, 1, 1, 1, 1]) };
    await expect(opened(masks)).rejects.toThrow(/masks.a\.\w+ and .*masks.a\.\w+ are both .*; expected one mask/);
    const path = await smallDataset({ 'images/a.bmp': 'BM', 'masks/c.tif': 'II' });
    await rm(join(dirname(path), 'images/a.png'));
    await expect(openDataset(path)).rejects.toThrow(
      /no image .*: a; .*a\.bmp is of a type that is not read: save it as PNG/,
    );
    await writeFiles(dirname(path), { 'images/a.png': plainImage(2, 3) });
    await rm(join(dirname(path), 'masks/c.png'));
    await expect(openDataset(path)).rejects.toThrow(/no mask .*: c; .*c\.tif is of a type .* with the same values/);
  });

  test('lists of another form: what is advised was tried', async () => {
    const list = (text: string) => opened({ 'train.txt': text });
    await expect(list('a  1\nb -1\n')).rejects.toThrow(/keep only the first column of the list, by which 2 of these 2/);
    await expect(list('x/y/a.png\nz\n')).rejects.toThrow(
      /set lists: .*components: 1\}, by which 1 of these 2 are found/,
    );
    await expect(list('x/y/z.png\n')).rejects.toThrow(/add the images, or remove the ids from the list/);
  });

  test('a dataset that has not been prepared', async () => {
    await expect(openDataset('voc12', { root: 'nowhere' })).rejects.toThrow(
      /nowhere.*train_aug\.txt does not exist; .*'unseen dataset prepare voc12 --from DIR'.*nowhere/,
    );
  });

  test('an unreadable image', async () => {
    const dataset = await opened({ 'images/a.png': plainImage(2, 3).subarray(0, 45) });
    await expect(dataset.train[0].image()).rejects.toThrow(/a\.png cannot be read as an image/);
  });

  test('an empty list and a repeated id', async () => {
    await expect(opened({ 'val.txt': '\n' })).rejects.toThrow(/val\.txt lists no image/);
    await expect(opened({ 'train.txt': 'a\n\na\n' })).rejects.toThrow(/train\.txt:3: image 'a' is also on line 1/);
  });

  test('wrong classes and splits are placed in the file', async () => {
    await refused(
      (y) => y.replace('unseen: [cow]', 'unseen: [dog]'),
      /small\.yaml:11:\d+: class 'dog' is both seen and unseen/,
    );
    await refused(
      (y) => y.replace('unseen: [cow]', 'unseen: [cows]'),
      /small\.yaml:11:\d+: .*'cows'.*did you mean 'cow'/s,
    );
    await refused((y) => y.replace('unseen: [cow]', 'unseen: [17]'), /small\.yaml:11:.*'17', which is not a class/);
    await refused(
      (y) => y.replace('seen: [dog, 1]', 'seen: [dog, 2]'),
      /small\.yaml:11:25: class 'dog' is listed twice/,
    );
    await refused((y) => y.replace('id: 4', 'id: 1'), /small\.yaml:9:10: the id '1' is also that of classes\.0/);
    await refused(
      (y) => y.replace('ignore: [0]', 'ignore: [3]'),
      /small\.yaml:8:10: class 'sky' has the id 3.*unlabelled/,
    );
    await refused((y) => `${y}map: {7: dog, "07": cow}\n`, /small\.yaml:.*'map.*expected a whole number/s);
    await refused(
      (y) => y.replace('name: cow', 'nam: cow'),
      /small\.yaml:9:13: unknown key 'nam'.*did you mean 'name'/s,
    );
    await refused(
      (y) => y.replace('layout: folder', 'layout: foldr'),
      /small\.yaml:2:9: 'layout' is 'foldr'.*folder.*'folder'\?/s,
    );
  });

  test('an unknown name', async () => {
    await expect(openDataset('voc-animal')).rejects.toThrow("did you mean 'voc-animals'?");
  });
});

describe('voc layout', () => {
  test('its own folders, lists and palette; image labels', async () => {
    const folder = temporaryFolder();
    await writeFiles(folder, {
      'v.yaml': SMALL_YAML.replace(
        'layout: folder\nsubsets: {train: train.txt, val: val.txt}',
        'layout: voc\npalette: voc\nimageLabels: labels.json',
      ),
      'ImageSets/Segmentation/train.txt': 'a\n',
      'ImageSets/Segmentation/val.txt': 'b\r\n',
      'JPEGImages/a.png': plainImage(1, 2),
      'JPEGImages/b.png': plainImage(1, 2),
      'SegmentationClass/a.png': maskOf(1, 2, [1, 2]),
      'SegmentationClass/b.png': maskOf(1, 2, [255, 2]),
      'labels.json': '{"a": ["cat", 2]}',
    });
    const dataset = await openDataset(join(folder, 'v.yaml'));
    expect(dataset.classes[3].color).toEqual(vocPalette()[4]);
    expect(dataset.train[0].imageLabels).toEqual([1, 2]);
    expect(dataset.val[0].imageLabels).toBeUndefined();
    expect((await dataset.val[0].mask?.())?.data).toEqual(Uint8Array.of(255, 2));
    await writeFiles(folder, { 'labels.json': '{"a": ["cats"]}' });
    await expect(openDataset(join(folder, 'v.yaml'))).rejects.toThrow("image 'a' has the label 'cats'");
  });
});

describe('coco-panoptic layout', () => {
  const segment = (id: number) => [id & 255, (id >> 8) & 255, id >> 16];
  const files = (segments: readonly { id: number; category_id: number }[]) => {
    const annotations = (id: string) =>
      JSON.stringify({ annotations: [{ file_name: `${id}.png`, segments_info: segments }] });
    const png = encodeRgbPng({ height: 1, width: 3, data: Uint8Array.from([70000, 300, 0].flatMap(segment)) });
    return {
      'p.yaml': SMALL_YAML.replace(
        'layout: folder\nsubsets: {train: train.txt, val: val.txt}',
        'layout: coco-panoptic',
      ),
      'train2017/x.png': plainImage(1, 3),
      'val2017/y.png': plainImage(1, 3),
      'annotations/panoptic_train2017/x.png': png,
      'annotations/panoptic_val2017/y.png': png,
      'annotations/panoptic_train2017.json': annotations('x'),
      'annotations/panoptic_val2017.json': annotations('y'),
    };
  };

  test('segments become categories', async () => {
    const folder = temporaryFolder();
    await writeFiles(
      folder,
      files([
        { id: 70000, category_id: 4 },
        { id: 300, category_id: 2 },
      ]),
    );
    const dataset = await openDataset(join(folder, 'p.yaml'));
    expect(dataset.train.map(({ id }) => id)).toEqual(['x']);
    expect(dataset.val[0].imageLabels).toEqual([2, 4]);
    expect((await dataset.val[0].mask?.())?.data).toEqual(Uint8Array.of(4, 2, 255));
  });

  test('a segment without annotation, a category without class, another JSON', async () => {
    const folder = temporaryFolder();
    await writeFiles(folder, files([{ id: 70000, category_id: 4 }]));
    const open = async () => (await openDataset(join(folder, 'p.yaml'))).train[0].mask?.();
    await expect(open()).rejects.toThrow(/x\.png has the segment 300 at row 0, column 1/);
    await writeFiles(
      folder,
      files([
        { id: 70000, category_id: 4 },
        { id: 300, category_id: 77 },
      ]),
    );
    await expect(open()).rejects.toThrow(/x\.png has the value 77/);
    await writeFiles(folder, { 'annotations/panoptic_train2017.json': '{"annotations": [{"id": 3}]}' });
    await expect(open()).rejects.toThrow(/panoptic_train2017\.json: 'annotations\.0\.file_name'/);
  });
});

test('generated datasets follow their seeds', async () => {
  const [a, b, c] = await Promise.all(
    [1, 1, 2].map(async (seed) =>
      (await openDataset('toy-attributes', { seeds: new SeedTree(seed) })).train[0].image(),
    ),
  );
  expect(a.data).toEqual(b.data);
  expect(a.data).not.toEqual(c.data);
});

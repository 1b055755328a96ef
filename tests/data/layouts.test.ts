import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { exportDataset, LAYOUTS, type LayoutName, openDataset } from '@unseen/data';
import { encodeRgbPng } from '@unseen/formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { contents, datasetOf, exported, reopened, SCENES, type Scene } from './layout-fixtures.ts';

/** The file of the photo of an image. */
async function photoOf(folder: string, id: string): Promise<string> {
  const files = await readdir(folder, { recursive: true });
  const found = files.filter((file) => file.endsWith(`${id}.png`) || file.endsWith(`${id}_leftImg8bit.png`));
  const photo = found.find((file) => /^(images|JPEGImages|leftImg8bit|train2017|val2017)/.test(file));
  return join(folder, photo!);
}

const withLists = (text: string) =>
  `${text.replace(/^subsets: .*\n/m, '')}subsets: {train: own.txt, val: own-val.txt}\n`;

const keepsObjects = (layout: LayoutName) => layout !== 'folder';

describe.each(LAYOUTS)('layout %s', (layout) => {
  test('what is written is read again, objects too', async () => {
    const { yaml } = await exported(layout);
    const options = { objects: keepsObjects(layout) };
    expect(await contents(await openDataset(yaml), options)).toEqual(await contents(datasetOf(SCENES), options));
  });

  test('photos and masks are read when asked for, not before', async () => {
    const { folder, yaml } = await exported(layout);
    await writeFile(await photoOf(folder, 'b'), 'no photo');
    const masks = (await readdir(folder, { recursive: true })).filter((file) =>
      /^(masks|Segm|gtFine|annotations).*\bb(_gtFine_\w+)?\.png$/.test(file),
    );
    for (const file of masks) await writeFile(join(folder, file), 'no mask');
    const { train } = await openDataset(yaml);
    await expect(train[0].image()).rejects.toThrow(/b.*\.png cannot be read as an image/);
    await expect(train[0].mask?.()).rejects.toThrow(UserError);
    expect((await train[1].mask?.())?.data).toContain(7);
  });

  test('a photo of another size', async () => {
    const { folder, yaml } = await exported(layout);
    const other = encodeRgbPng({ height: 3, width: 2, data: new Uint8Array(18) });
    await writeFile(await photoOf(folder, 'b'), other);
    const { train } = await openDataset(yaml);
    await expect(train[0].mask?.()).rejects.toThrow(/2x3, but its image .*b.*\.png is 3x2/);
    if (keepsObjects(layout)) await expect(train[0].instances?.()).rejects.toThrow(/is 3x2/);
  });

  test('photos that are missing are told at once', async () => {
    const { folder, yaml } = await exported(layout);
    await rm(await photoOf(folder, 'b'));
    await expect(openDataset(yaml)).rejects.toThrow(/1 of the 2 images of .* have no image in .*: b;/);
  });

  test('a list chooses and orders; repeated and unknown ids are told', async () => {
    const { folder, yaml } = await exported(layout);
    await writeFile(join(folder, 'own.txt'), 'sub/a\n\nb\r\n');
    await writeFile(join(folder, 'own-val.txt'), '0007');
    expect((await reopened(yaml, withLists)).train.map(({ id }) => id)).toEqual(['sub/a', 'b']);
    await writeFile(join(folder, 'own.txt'), 'b\n\nb');
    await expect(openDataset(yaml)).rejects.toThrow(/own\.txt:3: image 'b' is also on line 1/);
    await writeFile(join(folder, 'own.txt'), 'b\nc');
    await expect(openDataset(yaml)).rejects.toThrow(/1 of the 2 images of .*own\.txt have no image .*: c/);
    await writeFile(join(folder, 'own.txt'), '\n');
    await expect(openDataset(yaml)).rejects.toThrow(/own\.txt lists no image/);
  });

  test('lists of stale paths are read when the YAML says so', async () => {
    const { folder, yaml } = await exported(layout);
    await writeFile(join(folder, 'own.txt'), '/home/someone/data/train/b.png\n');
    await writeFile(join(folder, 'own-val.txt'), 'C:\\old\\val\\0007.jpg D:\\masks\\val\\0007.png');
    await expect(reopened(yaml, withLists)).rejects.toThrow(/no image .*train\/b\.png;.* lists: \{entries: paths/);
    const { train, val } = await reopened(yaml, (text) => `${text}lists: {entries: paths}\n`);
    expect([train[0].id, val[0].id]).toEqual(['b', '0007']);
  });

  test('a value that no class has', async () => {
    const { yaml } = await exported(layout);
    const { train, val } = await reopened(yaml, (text) =>
      text.replace(/.*"no".*\n/, '').replace('[1, 2, 7, 33]', '[1, 2, 7]'),
    ).catch((error: Error) => {
      // Where labels are kept apart, they are the first to name it.
      expect(error.message).toMatch(/has the label '33'/);
      return reopened(yaml, (text) => text.replace(/imageLabels: .*\n/, ''));
    });
    expect((await train[0].mask?.())?.data).toContain(7);
    await expect(val[0].mask?.()).rejects.toThrow(/has the value 33 at row 0, column 0, which no class has/);
  });

  test('stored values are ignored or mapped to classes', async () => {
    const { yaml } = await exported(layout);
    const { train, val, ignore } = await reopened(yaml, (text) =>
      text
        .replace('ignore: []', 'ignore: [33, 2]\nmap: {1: dog, 7: 33}')
        .replace(/imageLabels: .*\n/, '')
        .concat('imageLabels: masks\n'),
    );
    expect(ignore).toEqual([]);
    expect([...(await train[0].mask?.())!.data]).toEqual([2, 2, 255, 33, 255, 255]);
    expect(train[0].imageLabels).toEqual([2, 33]);
    expect(val[0].imageLabels).toEqual([2]);
    if (!keepsObjects(layout)) return;
    expect((await train[0].instances?.())?.items.map(({ classId }) => classId)).toEqual([2, 2]);
    expect((await train[1].instances?.())?.items).toEqual([]);
  });

  test('any masks with any objects come back', async () => {
    const scene = (id: string) =>
      fc.integer({ min: 1, max: 4 }).chain((width) =>
        fc.integer({ min: 1, max: 4 }).chain((height) =>
          fc.record({
            id: fc.constant(id),
            width: fc.constant(width),
            classes: fc.array(fc.constantFrom(1, 2, 7, 33, 255), {
              minLength: width * height,
              maxLength: width * height,
            }),
            objects: fc.array(fc.nat(2), { minLength: width * height, maxLength: width * height }),
          }),
        ),
      );
    const root = temporaryFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(scene('t'), scene('v'), async (train: Scene, val: Scene) => {
        const dataset = datasetOf({ train: [train], val: [val] });
        const { yaml } = await exportDataset(dataset, { layout, folder: join(root, String(run++)) });
        const options = { objects: keepsObjects(layout) };
        expect(await contents(await openDataset(yaml), options)).toEqual(await contents(dataset, options));
      }),
      { numRuns: 12 },
    );
  });
});

test('an export is whole or absent, and nothing is overwritten', async () => {
  const folder = join(temporaryFolder(), 'data');
  const dataset = datasetOf(SCENES);
  const [first, ...rest] = dataset.train;
  const broken = { ...first, mask: async () => Promise.reject(new UserError({ given: 'a broken mask' })) };
  const failing = exportDataset({ ...dataset, train: [...rest, broken] }, { layout: 'voc', folder });
  await expect(failing).rejects.toThrow('a broken mask');
  expect(await readdir(join(folder, '..'))).toEqual([]);
  const { images, objects } = await exportDataset(dataset, { layout: 'folder', folder });
  expect({ images, objects }).toEqual({ images: { train: 2, val: 1 }, objects: { written: 0, left: 3 } });
  const before = await readFile(join(folder, 'dataset.yaml'), 'utf8');
  await expect(exportDataset(dataset, { layout: 'voc', folder })).rejects.toThrow(/data is not empty/);
  expect(await readFile(join(folder, 'dataset.yaml'), 'utf8')).toBe(before);
});

test('what a layout cannot hold is refused', async () => {
  const root = temporaryFolder();
  let number = 0;
  const refused = async (change: Partial<Scene>, layout: LayoutName, message: RegExp) => {
    const dataset = datasetOf({ ...SCENES, train: [{ ...SCENES.train[0], ...change }] });
    const attempt = exportDataset(dataset, { layout, folder: join(root, String(number++)) });
    await expect(attempt).rejects.toThrow(message);
  };
  await refused({ id: '../b' }, 'folder', /image id '\.\.\/b'/);
  await refused({ id: '0007' }, 'coco-panoptic', /image '0007' occurs twice/);
  const dataset = datasetOf(SCENES);
  const [sample] = dataset.train;
  const set = (await sample.instances?.())!;
  const twice = { ...sample, instances: async () => ({ ...set, items: [set.items[0], set.items[0]] }) };
  for (const layout of ['voc', 'cityscapes', 'coco-panoptic'] as const) {
    const attempt = exportDataset({ ...dataset, train: [twice] }, { layout, folder: join(root, layout) });
    await expect(attempt).rejects.toThrow(/objects 1 and 2 of image 'b' overlap.*--no-instances/);
    await exportDataset({ ...dataset, train: [twice] }, { layout, folder: join(root, layout), instances: false });
  }
});

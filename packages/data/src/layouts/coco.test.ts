import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { encodeRgbPng } from '@unseen/formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { openDataset } from '../open-dataset.ts';
import { plainImage, writeFiles } from '../small-dataset.suite.ts';

const CLASSES = 'classes: [{id: 1, name: cat}, {id: 2, name: grass}, {id: 3, name: dog}]\nignore: [9]\n';

const yamlOf = (layout: string, more = '') => `name: c\nlayout: ${layout}\n${CLASSES}${more}`;

async function written(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = temporaryFolder();
  await writeFiles(folder, {
    'train2017/x.png': plainImage(2, 4),
    'val2017/y.png': plainImage(2, 4),
    ...files,
  });
  return join(folder, 'c.yaml');
}

const categories = [1, 2, 3, 9].map((id) => ({ id, isthing: Number(id !== 2) }));

const image = (id: number, name: string) => ({ id, file_name: `${name}.png`, height: 2, width: 4 });

/** Bottom row right half. */
const CROWD = { size: [2, 4], counts: [5, 1, 1, 1] };
const box = (x0: number, y0: number, x1: number, y1: number) => [[x0, y0, x1, y0, x1, y1, x0, y1]];
const ANNOTATIONS = {
  images: [image(5, 'x')],
  annotations: [
    { image_id: 5, category_id: 3, segmentation: box(1, 0, 2, 1), iscrowd: 0 },
    { image_id: 5, category_id: 1, segmentation: box(0, 0, 3, 2) },
    { image_id: 5, category_id: 3, segmentation: CROWD, iscrowd: 1 },
    { image_id: 5, category_id: 9, segmentation: box(0, 1, 1, 2) },
    { image_id: 5, category_id: 3, segmentation: box(0.1, 0.1, 0.3, 0.3) },
  ],
};

async function instances(train: object = ANNOTATIONS, more = ''): Promise<string> {
  return written({
    'c.yaml': yamlOf('coco-instances', more),
    'annotations/instances_train2017.json': JSON.stringify(train),
    'annotations/instances_val2017.json': JSON.stringify({ images: [image(1, 'y')], annotations: [] }),
  });
}

describe('objects of COCO', () => {
  test('smaller ones lie over larger ones, crowds below; crowds and specks are no objects', async () => {
    const { train, val } = await openDataset(await instances());
    expect([...(await train[0].mask?.())!.data]).toEqual([1, 3, 1, 255, 255, 1, 1, 3]);
    const { items } = (await train[0].instances?.())!;
    expect(items.map(({ classId, box }) => [classId, box])).toEqual([
      [3, [1, 0, 2, 1]],
      [1, [0, 0, 3, 2]],
    ]);
    expect(train[0].imageLabels).toEqual([1, 3]);
    expect([...(await val[0].mask?.())!.data]).toEqual(new Array(8).fill(255));
    expect(val[0].imageLabels).toEqual([]);
  });

  test('pixels of no object can be a class', async () => {
    const { val } = await openDataset(await instances(ANNOTATIONS, 'background: grass\n'));
    expect([...(await val[0].mask?.())!.data]).toEqual(new Array(8).fill(2));
    const map = 'map: {1: cat, 3: dog, 0: grass}\nbackground: grass\n';
    expect([...(await (await openDataset(await instances(ANNOTATIONS, map))).train[0].mask?.())!.data]).toEqual([
      1, 3, 1, 2, 255, 1, 1, 3,
    ]);
    await expect(openDataset(await instances(ANNOTATIONS, 'map: {1: cat}\nbackground: grass\n'))).rejects.toThrow(
      /'map' has no value for the background class 'grass'/,
    );
  });

  test('a listed photo without an annotation', async () => {
    const path = await instances(ANNOTATIONS, 'subsets: {train: own.txt, val: own.txt}\n');
    await writeFiles(join(path, '..'), { 'own.txt': 'x\nz.png', 'train2017/z.png': plainImage(2, 4) });
    await expect(openDataset(path)).rejects.toThrow(/1 of the 2 images of .* have no mask in .*train2017\.json: z/);
  });

  test('where an object without an outline is, no pixel is background', async () => {
    const annotations = [
      { image_id: 5, category_id: 1, segmentation: [], bbox: [1, 0, 3, 2] },
      { image_id: 5, category_id: 3, segmentation: [...box(2, 0, 3, 1), [1, 1, 2, 2]] },
    ];
    const more = 'background: grass\n';
    const { train } = await openDataset(await instances({ ...ANNOTATIONS, annotations }, more));
    expect([...(await train[0].mask?.())!.data]).toEqual([2, 255, 3, 255, 2, 255, 255, 255]);
    expect((await train[0].instances?.())?.items.map(({ classId }) => classId)).toEqual([3]);
    expect(train[0].imageLabels).toEqual([1, 3]);
  });

  test('boxes alone are no masks, but they are image labels', async () => {
    const boxes = { ...ANNOTATIONS, annotations: [{ image_id: 5, category_id: 1, bbox: [0, 0, 1, 1] }] };
    await expect(openDataset(await instances(boxes))).rejects.toThrow(
      /has no outline in any of its 1 annotations: a detection dataset has no masks;.*'optionalMasks: true'/,
    );
    const { train } = await openDataset(await instances(boxes, 'optionalMasks: true\n'));
    expect(train[0].mask).toBeUndefined();
    expect(train[0].imageLabels).toEqual([1]);
  });

  test('categories that contradict the classes, or the other file', async () => {
    const named = (name: string) => ({ ...ANNOTATIONS, categories: [{ id: 1, name }, { id: 3, name: 'Dog' }] }); // biome-ignore format: a table
    expect((await openDataset(await instances(named('Cat')))).train).toHaveLength(1);
    await expect(openDataset(await instances(named('dog')))).rejects.toThrow(/1 is 'dog' here and 'cat' there; exp/);
    const path = await instances(named('Cat'), 'map: {1: cat, 3: dog}\n');
    const annotations = [{ image_id: 1, category_id: 1, segmentation: box(0, 0, 3, 2) }];
    const val = { images: [image(1, 'y')], annotations, categories: [{ id: 1, name: 'dog' }] };
    await writeFiles(join(path, '..'), { 'annotations/instances_val2017.json': JSON.stringify(val) });
    await expect(openDataset(path)).rejects.toThrow(/contradict each other: 1 is 'Cat' and 'dog'/);
  });

  test('an object of no class is an error, an ignored one is none', async () => {
    const stray = [{ image_id: 5, category_id: 4, segmentation: box(0, 0, 3, 2) }];
    const { train } = await openDataset(await instances({ ...ANNOTATIONS, annotations: stray }));
    await expect(train[0].instances?.()).rejects.toThrow(/image 'x': category 4 is no class of the dataset/);
  });

  test('names of other systems find their files; others are found by the settings that the message gives', async () => {
    const named = (file_name: string) => ({ ...ANNOTATIONS, images: [{ ...image(5, ''), file_name }] });
    const read = async (file_name: string, more = '') => openDataset(await instances(named(file_name), more));
    const folders = 'images: {train: ., val: val2017}\n';
    for (const name of ['train2017\\x.png', './train2017/x.png', 'train2017%2Fx.png', 'train2017\\x.PNG']) {
      const [{ imagePath }] = (await read(name, folders)).train as readonly { imagePath?: string }[];
      expect(imagePath).toMatch(/train2017.x\.png$/);
    }
    const fix =
      "set images\\.train to 'train2017' and lists: \\{entries: paths, components: 1\\}, by which 1 of these 1 are found";
    await expect(read('..\\upload\\4\\x.png', folders)).rejects.toThrow(new RegExp(fix));
    const { train } = await read('..\\upload\\4\\x.png', 'lists: {entries: paths, components: 1}\n');
    expect(train[0].id).toBe('x');
    await expect(read('x.jpg')).rejects.toThrow(/train2017: x; .*there is .*x\.png: correct the name in .*\.json/);
    // A file of another type would not be found by any setting.
    await expect(read('old/x.jpg')).rejects.toThrow(/have no image.*; add the images, or remove the ids/);
  });

  test('an annotation of another image, and one that is none', async () => {
    const stray = { ...ANNOTATIONS, annotations: [{ image_id: 6, category_id: 1, segmentation: [] }] };
    await expect(openDataset(await instances(stray))).rejects.toThrow(
      /'annotations\.0' is of the image 6.*; remove the annotation, or add its image/,
    );
    const vast = { ...ANNOTATIONS, images: [{ ...image(5, 'x'), height: 65_000, width: 65_000 }] };
    await expect(openDataset(await instances(vast))).rejects.toThrow(/'images\.0' is not .*the size of a photo/);
    const strange = { ...ANNOTATIONS, annotations: [{ image_id: 5, category_id: 1, segmentation: 'x' }] };
    const { train } = await openDataset(await instances(strange));
    await expect(train[0].mask?.()).rejects.toThrow(/image 'x': 'segmentation' is not as in COCO/);
  });
});

describe('panoptic COCO', () => {
  const png = (segments: readonly number[]) =>
    encodeRgbPng({
      height: 2,
      width: 4,
      data: Uint8Array.from(segments.flatMap((id) => [id & 255, (id >> 8) & 255, id >> 16])),
    });
  const X = [70000, 70000, 2, 2, 3, 3, 4, 0];
  const segments_info = [
    { id: 4, category_id: 9, iscrowd: 0 },
    { id: 70000, category_id: 3, iscrowd: 0 },
    { id: 2, category_id: 2 },
    { id: 3, category_id: 3, iscrowd: 1 },
  ];
  const panoptic = (more: object) =>
    written({
      'c.yaml': yamlOf('coco-panoptic'),
      'annotations/panoptic_train2017.json': JSON.stringify({
        annotations: [{ file_name: 'x.png', segments_info }],
        ...more,
      }),
      'annotations/panoptic_val2017.json': JSON.stringify({ annotations: [{ file_name: 'y.png', segments_info }] }),
      'annotations/panoptic_train2017/x.png': png(X),
      'annotations/panoptic_val2017/y.png': png(X),
    });

  test('objects are the segments of things that are no crowds and not ignored', async () => {
    const { train, val } = await openDataset(await panoptic({ categories }));
    expect([...(await train[0].mask?.())!.data]).toEqual([3, 3, 2, 2, 3, 3, 255, 255]);
    const { items } = (await train[0].instances?.())!;
    expect(items.map(({ classId, box }) => [classId, box])).toEqual([[3, [0, 0, 2, 1]]]);
    expect(train[0].imageLabels).toEqual([2, 3]);
    // Without categories nothing says which are things.
    expect(val[0].instances).toBeUndefined();
  });

  test('an object of no class, another name for a class, and two photos for one annotation', async () => {
    const stray = [{ file_name: 'x.png', segments_info: [{ id: 2, category_id: 7 }] }];
    const named = [{ id: 7, name: 'cow', isthing: 1 }];
    const path = await panoptic({ annotations: stray, categories: named });
    const contrary = panoptic({ categories: [{ id: 2, name: 'sky', isthing: 0 }] });
    await expect(openDataset(await contrary)).rejects.toThrow(/2 is 'sky' here and 'grass' there/);
    const [sample] = (await openDataset(path)).train;
    await expect(sample.instances?.()).rejects.toThrow(/image 'x': category 7 \('cow'\) is no class of the dataset/);
    await writeFiles(join(path, '..'), { 'train2017/x.webp': plainImage(2, 4) });
    await expect(openDataset(path)).rejects.toThrow(/x\.png and .*x\.webp are both of image 'x'/);
  });
});

test('damaged annotation files are refused and do no harm', async () => {
  const path = await instances();
  const file = join(path, '../annotations/instances_train2017.json');
  const whole = JSON.stringify(ANNOTATIONS);
  const damage = fc.tuple(
    fc.nat(whole.length - 1),
    fc.nat(9),
    fc.constantFrom('', '0', '-', '1e9', 'null', '[', '"x"'),
  );
  await fc.assert(
    fc.asyncProperty(damage, async ([at, length, text]) => {
      await writeFile(file, whole.slice(0, at) + text + whole.slice(at + length));
      try {
        const { train } = await openDataset(path);
        await train[0].mask?.();
        await train[0].instances?.();
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 150 },
  );
}, 20_000);

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { readPanopticAnnotation } from '../panoptic.ts';
import { requireClassNames, requireSameCategories } from './categories.ts';
import { type ReadInstancesOptions, readInstanceAnnotations } from './instance-annotations.ts';
import { outlineOf } from './outline.ts';

const path = join(temporaryFolder(), 'a.json');
const image = (id: unknown, file_name: string) => ({ id, file_name, height: 4, width: 6 });
const SQUARE = [0, 0, 2, 0, 2, 2, 0, 2];
const annotation = (id: unknown, more: object = {}) => ({
  ...(id !== undefined && { id }),
  ...{ image_id: 1, category_id: 1, segmentation: [[...SQUARE.slice(0, 7), 2 + Number(id ?? 0)]], ...more },
});
const FILE = { images: [image(1, 'a.png')], annotations: [annotation(1)], categories: [{ id: 1, name: 'cat' }] };

async function instances(changes: object, options: ReadInstancesOptions = {}) {
  await writeFile(path, JSON.stringify({ ...FILE, ...changes }));
  return readInstanceAnnotations(path, options);
}

describe('instances', () => {
  test.each<readonly [string, object, RegExp]>([
    ['two images of one id', { images: [image(1, 'a.png'), image(1, 'b.png')] }, /'images\.1' \(b\.png\) has the id 1 of 'images\.0' \(a\.png\).*number the images anew/],
    ['one file twice', { images: [image(1, 'a.png'), image(2, 'a.png')] }, /'images\.1' \(a\.png\) has the name 'a' .*of 'images\.0' \(a\.png\)/],
    ['two files of one stem', { images: [image(1, 'a.PNG'), image(2, 'a.png')] }, /'images\.1' \(a\.png\) has the name 'a' .*of 'images\.0' \(a\.PNG\)/],
    ['one file, written in two ways', { images: [image(1, 'b\\a.png'), image(2, './b/a.png')] }, /has the name 'b\/a'/],
    ['two annotations of one id', { annotations: [annotation(7), annotation(8), annotation(7, { category_id: 2 })] }, /'annotations\.2' has the id 7 of 'annotations\.0'/],
    ['an annotation without id twice', { annotations: [annotation(undefined), annotation(undefined)] }, /has an annotation of image 1 twice/],
    ['two categories of one id', { categories: [{ id: 1, name: 'cat' }, { id: 1, name: 'dog' }] }, /the id 1 twice, as 'cat' and as 'dog'/],
    ['an image id that is text', { annotations: [annotation(1, { image_id: '1' })] }, /'annotations\.0\.image_id' is not as in COCO annotations \("1"; .*number/],
    ['a category id that is text', { annotations: [annotation(1, { category_id: '1' })] }, /'annotations\.0\.category_id'/],
    ['an id of an image that is text', { images: [image('1', 'a.png')] }, /'images\.0\.id' is not .*\("1"/],
    ['a crowd that is neither', { annotations: [annotation(1, { iscrowd: 'no' })] }, /'annotations\.0\.iscrowd' is not .*\("no"; expected 0 or 1\)/],
    ['an annotation of no image', { annotations: [annotation(1), annotation(2, { image_id: 3 })] }, /'annotations\.1' is of the image 3/],
    ['no list of images', { images: {} }, /'images' is not as in COCO annotations \(there is no such list\)/],
  ])('%s: an error that names both', async (_, changes, message) => {
    const failure = await instances(changes).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as Error).message).toMatch(message);
  }); // biome-ignore format: a table

  test('the order of the lists does not matter, and categories may be listed twice alike', async () => {
    const categories = [{ id: 1, name: 'cat' }, { id: 1, name: 'Cat ' }]; // biome-ignore format: a table
    await writeFile(path, JSON.stringify({ annotations: FILE.annotations, categories, images: FILE.images }));
    const { images, facts } = await readInstanceAnnotations(path);
    expect(images.get('a')?.categories).toEqual([1]);
    expect([...facts.counts]).toEqual([[1, 1]]);
  });

  test('annotations that stay in a large file are read from it', async () => {
    const annotations = [1, 2, 3].map((id) => annotation(id, { image_id: 1 + (id % 2), note: 'é😀"]}' }));
    const changes = { images: [image(1, 'a.png'), image(2, 'b.png'), image(3, 'c.png')], annotations };
    const kept = await instances(changes);
    const { images } = await instances(changes, { keepBytes: 0 });
    for (const [id, one] of images) {
      const read = await one.annotations();
      expect(read).toEqual(annotations.filter(({ image_id }) => image_id === (id === 'a' ? 1 : id === 'b' ? 2 : 3)));
      expect(await kept.images.get(id)?.annotations()).toEqual(read);
    }
    await writeFile(path, 'x'.repeat(2000));
    await expect(images.get('a')?.annotations()).rejects.toThrow('has changed while it was in use');
  });

  test('the same object under two ids is remarked; objects of one shape elsewhere, or of another class, are not', async () => {
    const same = { segmentation: [SQUARE] };
    const { facts } = await instances({
      images: [image(1, 'a.png'), image(2, 'b.png')],
      annotations: [
        annotation(1, same),
        annotation(2, { ...same, category_id: 2 }),
        annotation(3, { ...same, image_id: 2 }),
        annotation(4, same),
      ],
    });
    expect(facts.repeated).toMatchObject({ count: 1, examples: ['annotations 1 and 4 of image 1'] });
  });

  test('only the last components of names count, if so said', async () => {
    const images = [image(1, 'x\\1/a.png'), image(2, 'x/2/b.png')];
    const ids = async (components: number) => [...(await instances({ images }, { components })).images.keys()];
    expect(await ids(1)).toEqual(['a', 'b']);
    expect(await ids(2)).toEqual(['1/a', '2/b']);
    await expect(instances({ images: [image(1, 'x/a.png'), image(2, 'y/a.png')] }, { components: 1 })).rejects.toThrow(
      "has the name 'a'",
    );
  });
});

test.each<readonly [string, unknown, readonly number[][] | 'none', number]>([
  ['a polygon without the list around it', SQUARE, [SQUARE], 0],
  ['a line beside a polygon', [SQUARE, [1, 1, 2, 2]], [SQUARE], 1],
  ['a point and nothing beside it', [[1, 1], [], SQUARE], [SQUARE], 2],
  ['half a corner', [[1, 2, 3, 4, 5, 6, 7], SQUARE], [SQUARE], 1],
  ['nothing', [], 'none', 0],
  ['null', null, 'none', 0],
  ['no entry', undefined, 'none', 0],
  ['an empty polygon', [[]], 'none', 1],
])('outlines: %s', (_, segmentation, polygons, broken) => {
  expect(outlineOf(segmentation)).toEqual(
    polygons === 'none' ? { kind: 'none', broken } : { kind: 'polygons', polygons, broken },
  );
});

test.each([['x'], [[['1', 2, 3, 4, 5, 6]]], [[null]], [[1, [2]]], [{ counts: [6] }], [5]])(
  'outlines: %j is none of them',
  (segmentation) => {
    expect(outlineOf(segmentation)).toBeUndefined();
  },
);

describe('panoptic', () => {
  const segments_info = [{ id: 5, category_id: 2, iscrowd: false }, { id: 6, category_id: 2, iscrowd: true }]; // biome-ignore format: a table
  const one = (image_id: unknown, file_name: string, infos: readonly object[] = segments_info) => {
    return { image_id, file_name, segments_info: infos };
  };
  const read = async (annotations: readonly object[]) => {
    await writeFile(path, JSON.stringify({ annotations, categories: [{ id: 2, name: 'cat', isthing: true }] }));
    return readPanopticAnnotation(path);
  };

  test('flags may be true and false', async () => {
    const { objects, segments } = await read([one('t', 'a.png')]);
    expect([...(objects?.get('a') ?? [])]).toEqual([5]);
    expect(segments.get('a')?.size).toBe(2);
  });

  test.each<readonly [string, readonly object[], RegExp]>([
    ['one image id twice', [one(1, 'a.png'), one(1, 'b.png')], /'annotations\.1' has the image_id 1 of 'annotations\.0'/],
    ['one file twice', [one(1, 'a.png'), one(2, 'a.PNG')], /'annotations\.1' has the name 'a' .*of 'annotations\.0'/],
    ['one segment twice', [one(1, 'a.png', [{ id: 5, category_id: 2 }, { id: 5, category_id: 3 }])], /'annotations\.0' \(a\.png\) has the segment 5 twice, of the categories 2 and 3.*; remove the one/],
  ])('%s: an error', async (_, annotations, message) => {
    await expect(read(annotations)).rejects.toThrow(message);
  }); // biome-ignore format: a table
});

describe('categories', () => {
  const facts = (names: Readonly<Record<number, string>>, used: readonly number[]) => ({
    ...{ path: 'a.json', withoutOutline: none, brokenOutlines: none, repeated: none, incomplete: new Set<string>() },
    categories: new Map(Object.entries(names).map(([id, name]) => [Number(id), name])),
    counts: new Map(used.map((id) => [id, 3])),
  });
  const none = { count: 0, examples: [] };
  const color = [0, 0, 0] as const;
  const file = {
    ...{ path: 'd.yaml', root: '.', splits: {} },
    classes: [{ id: 1, name: 'traffic light', color }, { id: 2, name: 'Bär', color }], // biome-ignore format: a table
    settings: { ignore: [9] },
  } as unknown as Parameters<typeof requireClassNames>[1];

  test('another name for the id of a class is an error that lists them all', () => {
    expect(() => requireClassNames(facts({ 1: 'Bär', 2: 'traffic light' }, [1, 2]), file)).toThrow(
      /a\.json and the classes of d\.yaml contradict each other: 1 is 'Bär' here and 'traffic light' there; 2 is 'traffic light' here and 'Bär' there/,
    );
  });

  test('spelling, strangers, categories without annotations or without names, and mapped ones are no contradiction', () => {
    const spelled = facts({ 1: ' Traffic_Light', 2: 'ba\u0308r', 3: 'horse', 9: 'void' }, [1, 2, 3, 9]);
    for (const one of [spelled, facts({ 1: 'dog' }, [2]), facts({}, [1, 2])]) requireClassNames(one, file);
    requireClassNames(facts({ 1: 'dog' }, [1]), { ...file, valueMap: new Map([[1, 1]]) });
  });

  test('training and test files must agree on what both annotate', () => {
    const train = facts({ 1: 'cat', 2: 'dog', 3: 'cow' }, [1, 2]);
    requireSameCategories(train, facts({ 1: 'Cat', 2: 'dog', 3: 'horse' }, [1, 3]));
    expect(() => requireSameCategories(train, facts({ 1: 'dog', 2: 'cat' }, [1]))).toThrow(
      /: 1 is 'cat' and 'dog'; exp/,
    );
  });
});

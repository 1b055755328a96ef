import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassInfo, SegmentationModel } from '@unseen/core';
import { decodeIndexedPng, decodeRgbPng, encodeRgbPng } from '@unseen/formats';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { listImages, predictImages } from './predict.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

const CLASSES: readonly ClassInfo[] = [
  { id: 7, name: 'dark', color: [1, 2, 3] },
  { id: 4, name: 'light', color: [200, 100, 0] },
];

/** Probability of `light`: the red of the pixel, of 256. */
const model = (classes = [7, 4]): SegmentationModel => ({
  outputStride: 1,
  input: 'any',
  classes,
  async logits({ height, width, data }) {
    const logits = Float32Array.from({ length: 2 * height * width }, (_, i) => {
      const light = (data[3 * (i >> 1)] + 0.5) / 256;
      return Math.log(i % 2 === 1 ? light : 1 - light);
    });
    return { height, width, data: logits };
  },
});

async function save(name: string, reds: readonly number[], width: number): Promise<string> {
  const path = join(dir, name);
  const data = Uint8Array.from(reds.flatMap((red) => [red, 0, 0]));
  await writeFile(path, encodeRgbPng({ height: reds.length / width, width, data }));
  return path;
}

test('masks hold raw ids in the colours of the dataset at the size of the image, and void where the model is unsure', async () => {
  const path = await save('a.png', [0, 255, 200, 110, 250, 3], 3);
  const out = join(dir, 'out');
  const { images } = await predictImages({
    model: model(),
    classes: CLASSES,
    ...(await listImages([path])),
    out,
    minConfidence: 0.6,
  });
  expect(images).toHaveLength(1);
  expect(images[0]).toMatchObject({ image: path, height: 2, width: 3, void: 1 / 6 });
  expect(Object.entries(images[0].shares)).toEqual([
    ['light', 3 / 6],
    ['dark', 2 / 6],
  ]);
  const mask = decodeIndexedPng(await readFile(images[0].mask), 'mask');
  expect([mask.height, mask.width]).toEqual([2, 3]);
  expect([...mask.data]).toEqual([7, 4, 4, 255, 4, 7]);
  expect(mask.palette?.[4]).toEqual([200, 100, 0]);
  expect(mask.palette?.[7]).toEqual([1, 2, 3]);
  const picture = decodeRgbPng(await readFile(images[0].overlay), 'overlay');
  expect([picture.height, picture.width]).toEqual([2, 3]);
  expect([...picture.data.subarray(3, 6)]).toEqual([Math.round(255 * 0.4 + 200 * 0.6), 60, 0]);
  expect(JSON.parse(await readFile(join(out, 'predictions.json'), 'utf8')).images).toEqual(images);
});

test('ids that need 16 bits are written as such', async () => {
  const { images } = await predictImages({
    model: model([7, 300]),
    classes: [CLASSES[0], { ...CLASSES[1], id: 300 }],
    ...(await listImages([await save('a.png', [0, 255, 128], 3)])),
    out: dir,
    minConfidence: 0.9,
  });
  expect(decodeIndexedPng(await readFile(images[0].mask), 'mask').data).toEqual(Uint16Array.from([7, 300, 65535]));
});

test('every image has a name of its own, whatever folders and suffixes; the same image counts once', async () => {
  await mkdir(join(dir, 'one'));
  await mkdir(join(dir, 'two'));
  for (const name of ['one/a.png', 'one/A.jpg', 'one/a-2.png', 'one/notes.txt', 'two/a.png'])
    await writeFile(join(dir, name), '');
  const { files } = await listImages([join(dir, 'one'), join(dir, 'two'), join(dir, 'one/a.png')]);
  expect(files).toHaveLength(4);
  expect(new Set(files.map(({ name }) => name.toLowerCase())).size).toBe(4);
  await expect(listImages([join(dir, 'none')])).rejects.toThrow('does not exist');
  await mkdir(join(dir, 'three'));
  for (const name of ['b.bmp', '._a.png']) await writeFile(join(dir, 'three', name), '');
  await expect(listImages([join(dir, 'three')])).rejects.toThrow(/no image of a type that is read \(b\.bmp\)/);
  await writeFile(join(dir, 'three/c.Gif'), '');
  const told: unknown[] = [];
  const onPassedOver = (names: readonly string[]) => told.push(names);
  const { files: listed } = await listImages([join(dir, 'three')], { onPassedOver });
  expect(listed.map(({ name }) => name)).toEqual(['c']);
  expect(told).toEqual([['b.bmp']]);
});

test('an image that cannot be read, or written, is handed back, the others are done', async () => {
  await writeFile(join(dir, 'b.png'), 'text');
  const paths = [await save('a.png', [0], 1), join(dir, 'b.png'), await save('c.png', [255], 1)];
  paths.push(await save('d.png', [0], 1), await save('e.png', [0], 1));
  await mkdir(join(dir, 'out/masks/d.png/full'), { recursive: true });
  await mkdir(join(dir, 'out/overlays/e.png/full'), { recursive: true });
  const { images, failures } = await predictImages({
    model: model(),
    classes: CLASSES,
    ...(await listImages(paths)),
    out: join(dir, 'out'),
  });
  expect(images.map(({ shares }) => shares)).toEqual([{ dark: 1 }, { light: 1 }]);
  expect(failures).toEqual([
    { image: join(dir, 'b.png'), error: expect.stringContaining('cannot be read as an image') },
    { image: join(dir, 'd.png'), error: expect.stringMatching(/masks.d\.png is a folder/) },
    { image: join(dir, 'e.png'), error: expect.stringMatching(/overlays.e\.png is a folder/) },
  ]);
  expect((await readdir(join(dir, 'out/overlays'))).sort()).toEqual(['a.png', 'c.png', 'e.png']);
});

test('a path that cannot be read is handed back beside the images of the others; without any image it is an error', async () => {
  const path = await save('a.png', [0], 1);
  await mkdir(join(dir, 'empty'));
  const [none, empty, long] = ['none', 'empty', 'x'.repeat(300)].map((name) => join(dir, name));
  const listed = await listImages([none, path, empty, none, long]);
  expect(listed.files).toEqual([{ path, name: 'a' }]);
  expect(listed.failures).toEqual([
    { image: none, error: expect.stringContaining('does not exist') },
    { image: empty, error: expect.stringContaining('holds no image') },
    { image: long, error: expect.stringContaining('too long') },
  ]);
  const { images, failures } = await predictImages({
    model: model(),
    classes: CLASSES,
    ...listed,
    out: join(dir, 'out'),
  });
  expect(images).toHaveLength(1);
  expect(failures).toEqual(listed.failures);
  await expect(listImages([none, empty])).rejects.toThrow(
    /^no image in the 2 paths:\n.*does not exist.*\n.*holds no image/,
  );
});

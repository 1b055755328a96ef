import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, prepareDataset } from '@unseen/data';
import { encodeRunLengths } from '@unseen/vision';
import { describe, expect, test } from 'vitest';
import {
  devkitFiles,
  type Files,
  listOf,
  maskPng,
  type Scene,
  writeTar,
  writeZip,
  zipOf,
} from '../../packages/data/src/prepare/official-archives.suite.ts';
import { matBytes } from '../../packages/formats/src/mat/mat-writer.suite.ts';
import { CLASSES, colorPng, expectMasks, from, ids, scenes, to, usePrepareFolder, yaml } from './prepare-fixtures.ts';

usePrepareFolder();

describe('Pascal-Context', () => {
  const text = `layout: folder
root: $UNSEEN_DATA/toy
images: JPEGImages
masks: labels
subsets: {train: $UNSEEN_DATA/toy/train.txt, val: $UNSEEN_DATA/toy/val.txt}
prepare:
  converter: pascal-context
  archives:
    voc: {file: voc.tar, inside: VOCdevkit/VOC2010}
    context: {file: trainval.tar.gz, folders: [pascal-context, .]}
  names: {class2: table}`;
  // Labels 21, 23, … are those of the classes; the even ones belong to none.
  const label = (value: number) => (value === 0 ? 22 : 19 + 2 * value);
  const labels = Array.from({ length: 459 }, (_, i) => i + 1).map((i) => {
    const id = (i - 19) / 2;
    const name = Number.isInteger(id) && id >= 1 && id <= 20 ? (id === 2 ? 'table' : `class${id}`) : `label ${i}`;
    return `${i}: ${name}`;
  });
  const matrix = ({ mask }: Scene, kind: 'uint16' | 'double') => {
    const { height, width, data } = mask;
    return matBytes({ LabelMap: { class: kind, height, width, data: Array.from(data, label) } }, { compress: true });
  };
  const archives = async (labelsText = labels.join('\n')) => {
    const lists = { 'Main/train': ids(0, 1, 2, 3), 'Main/val': ids(4, 5) };
    await writeTar(join(from, 'voc.tar'), devkitFiles('VOCdevkit/VOC2010', scenes, { lists, masks: [] }));
    const files = [0, 1, 2, 4, 5, 6].map((i) => [
      `trainval/${scenes[i].id}.mat`,
      matrix(scenes[i], i % 2 ? 'uint16' : 'double'),
    ]);
    await writeTar(join(from, 'trainval.tar.gz'), { ...Object.fromEntries(files), 'labels.txt': labelsText });
  };

  test('labels become classes by name, and 0 where no class has the name', async () => {
    const dataset = await yaml(text);
    await archives();
    const prepared = await prepareDataset(dataset, { from });
    const { train, val } = await openDataset(dataset);
    await expectMasks(train, ids(0, 1, 2));
    await expectMasks(val, ids(4, 5));
    expect(prepared.leftOut.map(({ why, examples }) => [why, ...examples])).toEqual([
      ['no .mat file', ids(3)[0]],
      ['in neither list of VOC 2010', ids(6)[0]],
    ]);
  });

  test('all classes without a label are told at once, with what is near', async () => {
    const dataset = await yaml(text);
    await archives(labels.map((line) => line.replace(/: (table|class7)$/, ': $1x')).join('\n'));
    const call = prepareDataset(dataset, { from });
    await expect(call).rejects.toThrow(/no label table \(near: tablex\), class7 \(near: class1\)/);
  });
});

const COCO_SOURCES = `    train: {file: train2017.zip, inside: train2017, folders: [train2017, images/train2017]}
    val: {file: val2017.zip, inside: val2017, folders: [val2017, images/val2017]}`;
const LISTS = `subsets: {train: $UNSEEN_DATA/toy/train.txt, val: $UNSEEN_DATA/toy/val.txt}`;

async function cocoPhotos(): Promise<void> {
  const photos = (year: string, from: number, end: number) =>
    Object.fromEntries(scenes.slice(from, end).map(({ id, jpeg }) => [`${year}/${id}.jpg`, jpeg]));
  await writeZip(join(from, 'train2017.zip'), photos('train2017', 0, 6));
  await writeZip(join(from, 'val2017.zip'), photos('val2017', 6, 9));
}

describe('COCO', () => {
  test('COCO-Stuff 164k: PNGs as they are, ids with the year', async () => {
    const dataset = await yaml(`layout: folder
root: $UNSEEN_DATA/toy
masks: annotations
${LISTS}
prepare:
  converter: cocostuff
  archives:
${COCO_SOURCES}
    masks: {file: stuffthingmaps.zip, folders: [stuffthingmaps]}`);
    await cocoPhotos();
    const mask = (year: string) => (scene: Scene) => [`${year}/${scene.id}.png`, maskPng(scene.mask)];
    const masks = [...scenes.slice(0, 5).map(mask('train2017')), ...scenes.slice(6).map(mask('val2017'))];
    await writeZip(join(from, 'stuffthingmaps.zip'), Object.fromEntries(masks));
    const prepared = await prepareDataset(dataset, { from });
    const { train, val } = await openDataset(dataset);
    expect(train[0].id).toBe(`train2017/${scenes[0].id}`);
    await expectMasks(train, ids(0, 1, 2, 3, 4));
    await expectMasks(val, ids(6, 7, 8));
    expect(prepared.leftOut.map(({ why, examples }) => [why, ...examples])).toEqual([
      ['no photo', ids(9)[0]],
      ['no mask', ids(5)[0]],
    ]);
  });

  test('COCO-Stuff 10k: the ids of 164k are one less than stored and 0 is unlabelled; or all stays as it is', async () => {
    const text = `layout: folder
root: $UNSEEN_DATA/toy
${LISTS}
prepare:
  converter: cocostuff10k
  archives:
    data: {file: cocostuff-10k-v1.1.zip, folders: [cocostuff-10k-v1.1]}`;
    const files: Files = {
      'imageLists/train.txt': listOf(ids(0, 1, 2)),
      'imageLists/test.txt': listOf(ids(3)),
      'imageLists/all.txt': listOf(ids(0, 1, 2, 3)),
    };
    for (const { id, jpeg, mask } of scenes.slice(0, 4)) {
      const { height, width } = mask;
      const data = Array.from(mask.data, (value, i) => (i === 0 ? 0 : value + 1));
      files[`images/${id}.jpg`] = jpeg;
      files[`annotations/${id}.mat`] = matBytes({ S: { class: 'double', height, width, data } }, { compress: true });
    }
    await writeZip(join(from, 'cocostuff-10k-v1.1.zip'), files);
    const stored = CLASSES.replace('background', 'none').replace(
      'splits',
      '  - {id: 21, name: more}\n  - {id: 182, name: wood}\nsplits',
    );
    for (const [classes, more, none] of [
      [CLASSES, 0, 255],
      [stored, 1, 0],
    ] as const) {
      const dataset = await yaml(text, classes);
      await prepareDataset(dataset, { from });
      const { train, val } = await openDataset(dataset);
      expect([train.length, val.length]).toEqual([3, 1]);
      for (const [i, sample] of [...train, ...val].entries()) {
        const { data } = await sample.mask!();
        expect([...data]).toEqual([none, ...Array.from(scenes[i].mask.data.slice(1), (value) => value + more)]);
      }
    }
  });

  /** Every class of a scene is a segment; the background has none. */
  async function panopticArchive(): Promise<void> {
    const files: Files = {};
    for (const [year, start, end] of [
      ['train2017', 0, 6],
      ['val2017', 6, 9],
    ] as const) {
      const pngs: Files = {};
      const annotations = [];
      for (const { id, mask } of scenes.slice(start, end)) {
        const segment = (value: number) => (value === 0 ? 0 : 70_000 + 300 * value);
        const rgb = Uint8Array.from(
          [...mask.data].flatMap((value) => [0, 8, 16].map((bits) => segment(value) >> bits)),
        );
        const { height, width } = mask;
        pngs[`panoptic_${year}/${id}.png`] = colorPng(rgb, height, width);
        const segments = [...new Set(mask.data)].filter((value) => value > 0);
        annotations.push({
          file_name: `${id}.png`,
          segments_info: segments.map((value) => ({ id: segment(value), category_id: value })),
        });
      }
      files[`annotations/panoptic_${year}.json`] = JSON.stringify({ annotations });
      files[`annotations/panoptic_${year}.zip`] = zipOf(pngs);
    }
    await writeZip(join(from, 'panoptic.zip'), files);
  }
  const PANOPTIC = `prepare:
  converter: coco-panoptic
  archives:
${COCO_SOURCES}
    annotations:
      {file: panoptic.zip, inside: annotations, nested: [panoptic_train2017.zip, panoptic_val2017.zip]}`;

  test('COCO panoptic as category ids, in 8 bits or 16', async () => {
    await cocoPhotos();
    await panopticArchive();
    const text = `layout: folder\nroot: $UNSEEN_DATA/toy\nignore: [0]\n${LISTS}\n${PANOPTIC}`;
    const classes = CLASSES.replace('  - {id: 0, name: background}\n', '');
    for (const [more, kind] of [
      ['', Uint8Array],
      ['  - {id: 300, name: far}\nsplits', Uint16Array],
    ] as const) {
      const dataset = await yaml(text, more === '' ? classes : classes.replace('splits', more));
      await prepareDataset(dataset, { from });
      const { train, val } = await openDataset(dataset);
      expect([train.length, val.length]).toEqual([6, 3]);
      for (const [i, sample] of [...train, ...val].entries()) {
        const { data } = await sample.mask!();
        expect(data).toBeInstanceOf(kind);
        const hidden = kind === Uint8Array ? 255 : 65_535;
        expect([...data]).toEqual([...scenes[i].mask.data].map((value) => (value === 0 ? hidden : value)));
      }
    }
  });

  test('COCO panoptic as it is, for its own layout', async () => {
    await cocoPhotos();
    await panopticArchive();
    const dataset = await yaml(
      `layout: coco-panoptic\nroot: $UNSEEN_DATA/toy\n${PANOPTIC}`,
      CLASSES.replace('  - {id: 0, name: background}\n', ''),
    );
    const { classes } = await prepareDataset(dataset, { from });
    const { train, val } = await openDataset(dataset);
    expect([train.length, val.length]).toEqual([6, 3]);
    const { data } = await val[0].mask!();
    expect([...data]).toEqual([...scenes[6].mask.data].map((value) => (value === 0 ? 255 : value)));
    expect(classes.length).toBeGreaterThan(3);
  });

  test('COCO instances: photos and annotation as they are', async () => {
    await cocoPhotos();
    const annotation = (start: number, end: number) => {
      const images = scenes.slice(start, end);
      return JSON.stringify({
        images: images.map(({ id, mask: { height, width } }, i) => ({ id: i, file_name: `${id}.jpg`, height, width })),
        annotations: images.flatMap(({ mask: { height, width, data } }, i) =>
          [...new Set(data)].filter(Boolean).map((value) => {
            const counts = encodeRunLengths(
              Uint8Array.from(data, (v) => Number(v === value)),
              height,
              width,
            );
            return { image_id: i, category_id: value, iscrowd: 1, segmentation: { size: [height, width], counts } };
          }),
        ),
      });
    };
    await writeZip(join(from, 'annotations.zip'), {
      'annotations/instances_train2017.json': annotation(0, 6),
      'annotations/instances_val2017.json': annotation(6, 9),
      'annotations/captions_val2017.json': '{}',
    });
    const dataset = await yaml(
      `layout: coco-instances
root: $UNSEEN_DATA/toy
prepare:
  converter: coco-instances
  archives:
${COCO_SOURCES}
    annotations: {file: annotations.zip, inside: annotations}`,
      CLASSES.replace('  - {id: 0, name: background}\n', ''),
    );
    expect(await prepareDataset(dataset, { from })).toMatchObject({ images: 9, leftOut: [] });
    expect(await readdir(join(to, 'toy'))).toEqual(['.prepare', 'annotations', 'train2017', 'val2017']);
    const { train, val } = await openDataset(dataset);
    for (const [i, sample] of [...train, ...val].entries()) {
      const { data } = await sample.mask!();
      expect([...data]).toEqual(Array.from(scenes[i].mask.data, (value) => (value === 0 ? 255 : value)));
    }
    await writeZip(join(from, 'annotations.zip'), {
      'annotations/instances_train2017.json': annotation(0, 5),
      'annotations/instances_val2017.json': annotation(6, 10),
    });
    const { images, leftOut } = await prepareDataset(dataset, { from });
    expect(images).toBe(8);
    expect(leftOut).toEqual([
      { what: 'annotated images', why: 'no photo', count: 1, examples: ids(9) },
      { what: 'photos', why: 'no entry in the annotation', count: 1, examples: ids(5) },
    ]);
  });
});

test('Cityscapes arranged, with what comes along', async () => {
  const dataset = await yaml(`layout: cityscapes
root: $UNSEEN_DATA/toy
prepare:
  converter: cityscapes
  archives:
    photos: {file: leftImg8bit.zip, inside: leftImg8bit, login: 'https://www.cityscapes-dataset.com'}
    masks: {file: gtFine.zip, inside: gtFine, login: 'https://www.cityscapes-dataset.com'}`);
  const missing = prepareDataset(dataset, { from, download: true });
  await expect(missing).rejects.toThrow(/cannot be downloaded without an account; log in at https:\/\/www.cityscapes/);
  const [photos, masks]: [Files, Files] = [{}, {}];
  for (const [i, { mask }] of scenes.slice(0, 4).entries()) {
    const place = `${i < 3 ? 'train' : 'val'}/aachen/aachen_${i}`;
    const { height, width } = mask;
    photos[`leftImg8bit/${place}_leftImg8bit.png`] = colorPng(new Uint8Array(3 * height * width), height, width);
    masks[`gtFine/${place}_gtFine_labelIds.png`] = maskPng(mask);
    masks[`gtFine/${place}_gtFine_color.png`] = maskPng(mask);
  }
  await writeZip(join(from, 'leftImg8bit.zip'), photos);
  await writeZip(join(from, 'gtFine.zip'), masks);
  expect((await prepareDataset(dataset, { from })).images).toBe(4);
  const { train, val } = await openDataset(dataset);
  expect([train.length, val.length]).toEqual([3, 1]);
  expect([...(await val[0].mask!()).data]).toEqual([...scenes[3].mask.data]);
  expect(await readdir(join(to, 'toy/gtFine/val/aachen'))).toEqual(['aachen_3_gtFine_labelIds.png']);
});

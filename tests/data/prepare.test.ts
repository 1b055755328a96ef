import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, SeedTree } from '@unseen/core';
import { openDataset, prepareDataset, toyAttributes } from '@unseen/data';
import { encodeRunLengths } from '@unseen/vision';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  devkitFiles,
  type Files,
  listOf,
  maskPng,
  readAll,
  type Scene,
  scenesOf,
  writeAll,
  writeTar,
  writeZip,
  zipOf,
} from '../../packages/data/src/prepare/official-archives.suite.ts';
import { matBytes } from '../../packages/formats/src/mat/mat-writer.suite.ts';

let folder: string;
let from: string;
let to: string;
let scenes: Scene[];

beforeAll(async () => {
  const toy = toyAttributes({ seeds: new SeedTree(0), train: 10, val: 1 });
  scenes = await scenesOf(toy.train, (i) => `2008_${String(i).padStart(6, '0')}`);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-'));
  [from, to] = [join(folder, 'archives'), join(folder, 'data')];
  process.env.UNSEEN_DATA = to;
  onTestFinished(async () => {
    delete process.env.UNSEEN_DATA;
    await rm(folder, { recursive: true });
  });
});

const ids = (...indices: number[]) => indices.map((i) => scenes[i].id);
const CLASSES = `classes:
  - {id: 0, name: background}
${Array.from({ length: 20 }, (_, i) => `  - {id: ${i + 1}, name: class${i + 1}}`).join('\n')}
splits:
  default: {seen: [class1, class2], unseen: [class3]}
`;

/** A YAML of the toy classes. */
async function yaml(text: string, classes = CLASSES): Promise<string> {
  const path = join(folder, 'toy.yaml');
  await writeFile(path, `name: toy\n${text}\n${classes}`);
  return path;
}

const VOC_YAML = `layout: voc
root: $UNSEEN_DATA/toy
masks: SegmentationClassAug
subsets: {train: $UNSEEN_DATA/toy/ImageSets/Segmentation/train_aug.txt, val: $UNSEEN_DATA/toy/ImageSets/Segmentation/val.txt}
palette: voc
prepare:
  converter: voc-sbd
  archives:
    voc: {file: voc.tar, inside: VOCdevkit/VOC2012}
    sbd: {file: benchmark.tgz, inside: benchmark_RELEASE/dataset}
    noval: {file: train_noval.txt, optional: true}
  expect: {train_aug: 10582}`;

/** Scenes 0 to 2 are VOC train, 3 and 4 VOC val; SBD has 2 and 5 to 7 as train, 3, 8 and 9 as val. */
async function vocArchives(change: { sbd?: Files } = {}): Promise<void> {
  const lists = { 'Segmentation/train': ids(0, 1, 2), 'Segmentation/val': ids(3, 4), 'Main/train': ids(0) };
  await writeTar(join(from, 'voc.tar'), devkitFiles('VOCdevkit/VOC2012', scenes, { lists, masks: ids(0, 1, 2, 3, 4) }));
  await writeTar(join(from, 'benchmark.tgz'), { ...sbdFiles(), ...change.sbd });
}

function sbdFiles(): Files {
  const files: Files = {
    'benchmark_RELEASE/dataset/train.txt': listOf(ids(2, 5, 6, 7)),
    'benchmark_RELEASE/dataset/val.txt': listOf(ids(3, 8, 9)),
    'benchmark_RELEASE/BharathICCV2011.pdf': 'not needed',
  };
  for (const i of [2, 3, 5, 6, 7, 8, 9]) {
    const { id, mask } = scenes[i];
    // What VOC annotates itself differs there.
    const data = i < 5 ? mask.data.map(() => 1) : mask.data;
    const matrix = { class: 'uint8', height: mask.height, width: mask.width, data } as const;
    files[`benchmark_RELEASE/dataset/cls/${id}.mat`] = matBytes(
      { 'GTcls.Segmentation': matrix },
      { compress: i % 2 === 0, little: i !== 9 },
    );
  }
  return files;
}

/** Masks of a subset are those of the scenes of the same id (or of its last part). */
async function expectMasks(samples: Dataset['train'], wanted: readonly string[]): Promise<void> {
  expect(samples.map(({ id }) => id.split('/').at(-1))).toEqual(wanted);
  for (const sample of samples) {
    const { mask } = scenes.find(({ id }) => sample.id.endsWith(id))!;
    const { height, width, data } = await sample.mask!();
    expect({ height, width, data: [...data] }).toEqual({
      height: mask.height,
      width: mask.width,
      data: [...mask.data],
    });
  }
}

describe('VOC with SBD', () => {
  test('archives become the masks that they were made of, and the lists of the methods', async () => {
    const dataset = await yaml(VOC_YAML);
    await vocArchives();
    await writeFile(join(from, 'train_noval.txt'), listOf(ids(5, 9)));
    const prepared = await prepareDataset(dataset, { from });
    const { train, val } = await openDataset(dataset);
    await expectMasks(train, ids(0, 1, 2, 5, 6, 7, 8, 9));
    await expectMasks(val, ids(3, 4));
    expect(prepared.images).toBe(10);
    expect(prepared.lists).toEqual([
      { name: 'train', images: 3 },
      { name: 'val', images: 2 },
      { name: 'train_aug', images: 8, expected: 10_582 },
      { name: 'train_zs3', images: 5 },
    ]);
    expect(prepared.leftOut).toEqual([
      { what: 'masks of SBD', why: "VOC's own mask of the same image wins", count: 2, examples: ids(2, 3) },
    ]);
    const pixels = scenes.flatMap(({ mask }) => [...mask.data]);
    for (const { id, pixels: counted, images } of prepared.classes) {
      expect(counted).toBe(pixels.filter((value) => value === id).length);
      expect(images).toBe(scenes.filter(({ mask }) => mask.data.includes(id)).length);
    }
    expect(prepared.classes.length + prepared.absent.length).toBe(21);
    // Nothing of what was unpacked is left over.
    expect(await readdir(join(to, 'toy/.prepare/toy'))).toEqual(['journal.jsonl', 'summary.json']);
    expect(await readdir(join(to, 'toy/Annotations'))).toHaveLength(10);
  });

  test('the files do not depend on the number of workers, nor on whether the archives are unpacked', async () => {
    const dataset = await yaml(VOC_YAML);
    await vocArchives();
    await prepareDataset(dataset, { from, to: join(folder, 'one'), workers: 1 });
    await prepareDataset(dataset, { from, to: join(folder, 'three'), workers: 3 });
    const one = await readAll(join(folder, 'one'));
    expect(await readAll(join(folder, 'three'))).toEqual(one);
    const unpacked = join(folder, 'unpacked');
    const lists = { 'Segmentation/train': ids(0, 1, 2), 'Segmentation/val': ids(3, 4) };
    await writeAll(unpacked, devkitFiles('VOC2012', scenes, { lists, masks: ids(0, 1, 2, 3, 4) }));
    await writeAll(unpacked, sbdFiles());
    const prepared = await prepareDataset(dataset, { from: unpacked, to: join(folder, 'other') });
    expect(prepared.sources.map(({ kind }) => kind)).toEqual(['folder', 'folder']);
    const made = ([path]: [string, string]) => !path.includes('.prepare');
    expect([...(await readAll(join(folder, 'other')))].filter(made)).toEqual([...one].filter(made));
  });

  test('what is finished stays when it is interrupted, and a journal that was cut short is no harm', async () => {
    const dataset = await yaml(VOC_YAML);
    await vocArchives();
    await prepareDataset(dataset, { from, to: join(folder, 'whole') });
    const controller = new AbortController();
    const progress = { stage: () => undefined, note: () => undefined };
    const interrupted = prepareDataset(dataset, {
      ...{ from, workers: 1, signal: controller.signal },
      progress: {
        ...progress,
        update: (done, total) => {
          if (total === 10 && done === 4) controller.abort();
        },
      },
    });
    await expect(interrupted).rejects.toThrow('abort');
    // The fourth line is cut in the middle, as a kill may do.
    const journal = join(to, 'toy/.prepare/toy/journal.jsonl');
    await truncate(journal, (await stat(journal)).size - 20);
    await writeFile(join(to, 'toy/SegmentationClassAug/left.png.1-1.tmp'), 'half');
    const stages: string[] = [];
    const { reused } = await prepareDataset(dataset, {
      from,
      progress: { ...progress, update: () => undefined, stage: (name, event) => stages.push(`${name} ${event}`) },
    });
    expect(reused).toBe(3);
    expect(stages).toContain('unpack voc.tar skip');
    expect(await readAll(to)).toEqual(await readAll(join(folder, 'whole')));
  });

  test('a second call has nothing to do, makes again what is gone, and all when the settings change', async () => {
    const dataset = await yaml(VOC_YAML);
    await vocArchives();
    const notes: string[] = [];
    const call = async () => {
      notes.length = 0;
      const progress = { stage: () => undefined, update: () => undefined, note: (text: string) => notes.push(text) };
      return (await prepareDataset(dataset, { from, progress })).reused;
    };
    expect(await call()).toBe(0);
    const before = await readAll(to);
    expect(await call()).toBe(10);
    expect(notes).toContain('all 10 images of toy are there already');
    await rm(join(to, 'toy/SegmentationClassAug', `${ids(7)[0]}.png`));
    expect(await call()).toBe(9);
    expect(await readAll(to)).toEqual(before);
    await yaml(VOC_YAML.replace('expect: {train_aug: 10582}', 'expect: {train_aug: 8}'));
    expect(await call()).toBe(0);
    expect(notes).toContain('settings or sources have changed: all is made again');
  });

  test('what came into an unpacked folder since is made too, and nothing else again', async () => {
    const lists = { 'Segmentation/train': ids(0, 1), 'Segmentation/val': ids(3) };
    await writeAll(from, devkitFiles('VOCdevkit/VOC2012', scenes.slice(0, 5), { lists, masks: ids(0, 1, 3) }));
    await writeAll(from, sbdFiles());
    const dataset = await yaml(VOC_YAML);
    expect((await prepareDataset(dataset, { from })).images).toBe(4);
    expect(await prepareDataset(dataset, { from })).toMatchObject({ images: 4, reused: 4 });
    const rest = scenes.slice(5).map(({ id, jpeg }) => [`VOCdevkit/VOC2012/JPEGImages/${id}.jpg`, jpeg] as const);
    await writeAll(from, Object.fromEntries(rest));
    expect(await prepareDataset(dataset, { from })).toMatchObject({ images: 9, reused: 4 });
  });

  test('a second call at the same time is refused, and does no harm', async () => {
    await vocArchives();
    const dataset = await yaml(VOC_YAML);
    const beside: Promise<unknown>[] = [];
    const stage = (name: string, event: string) => {
      if (name === 'convert' && event === 'start')
        beside.push(prepareDataset(dataset, { from }).catch((e) => e.message));
    };
    const progress = { stage, update: () => undefined, note: () => undefined };
    expect((await prepareDataset(dataset, { from, progress })).reused).toBe(0);
    expect(await Promise.all(beside)).toEqual([expect.stringMatching(/toy is in use by process \d+/)]);
    expect((await prepareDataset(dataset, { from })).reused).toBe(10);
  });

  test('images that cannot be converted are told together, and the others are finished', async () => {
    const dataset = await yaml(VOC_YAML);
    const small = { class: 'uint8', height: 2, width: 2, data: [0, 0, 0, 0] } as const;
    const { height, width, data } = scenes[6].mask;
    const strange = { class: 'uint8', height, width, data: data.map(() => 99) } as const;
    const place = (i: number) => `benchmark_RELEASE/dataset/cls/${scenes[i].id}.mat`;
    await vocArchives({
      sbd: {
        [place(5)]: matBytes({ 'GTcls.Segmentation': small }),
        [place(6)]: matBytes({ 'GTcls.Segmentation': strange }),
        [place(7)]: 'no MATLAB file at all',
        [place(8)]: matBytes({ 'GTcls.Boundaries': small }),
      },
    });
    const call = prepareDataset(dataset, { from });
    await expect(call).rejects.toThrow(/4 of 10 images cannot be converted/);
    await expect(call).rejects.toThrow(/is 2x2, its image .* is 64x64/);
    await expect(call).rejects.toThrow(/has the value 99 at row 0, column 0/);
    await expect(call).rejects.toThrow(/does not begin as a MATLAB file/);
    await expect(call).rejects.toThrow(/has no 'GTcls.Segmentation'/);
    await vocArchives();
    await utimes(join(from, 'benchmark.tgz'), 1, 1);
    expect((await prepareDataset(dataset, { from })).images).toBe(10);
  });
});

test('VOC as it is, with its test archive', async () => {
  const dataset = await yaml(`layout: voc
root: $UNSEEN_DATA/toy
prepare:
  converter: voc
  archives:
    trainval: {file: trainval.tar, inside: VOCdevkit/VOC2007}
    test: {file: test.tar, inside: VOCdevkit/VOC2007, optional: true}`);
  const lists = { 'Segmentation/train': ids(0, 1), 'Segmentation/val': ids(2, 9) };
  await writeTar(
    join(from, 'trainval.tar'),
    devkitFiles('VOCdevkit/VOC2007', scenes.slice(0, 5), { lists, masks: ids(0, 1, 2, 3) }),
  );
  await writeTar(
    join(from, 'test.tar'),
    devkitFiles('VOCdevkit/VOC2007', scenes.slice(5), { lists: { 'Segmentation/test': ids(5, 6) }, masks: ids(5) }),
  );
  const prepared = await prepareDataset(dataset, { from });
  const { train, val } = await openDataset(dataset);
  await expectMasks(train, ids(0, 1));
  await expectMasks(val, ids(2));
  expect(prepared.lists).toContainEqual({ name: 'test', images: 1 });
  expect(prepared.leftOut.map(({ why, examples }) => [why, ...examples])).toEqual([
    ['no photo in JPEGImages', ids(9)[0]],
    ['no mask in SegmentationClass', ids(6)[0]],
  ]);
});

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
        pngs[`panoptic_${year}/${id}.png`] = await sharpPng(rgb, height, width);
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
    photos[`leftImg8bit/${place}_leftImg8bit.png`] = await sharpPng(new Uint8Array(3 * height * width), height, width);
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

async function sharpPng(rgb: Uint8Array, height: number, width: number): Promise<Uint8Array> {
  const { encodeRgbPng } = await import('@unseen/formats');
  return encodeRgbPng({ height, width, data: rgb });
}

describe('archives that are not as they should be', () => {
  const withSums = VOC_YAML.replace('file: voc.tar,', 'file: voc.tar, bytes: 17,').replace(
    'file: benchmark.tgz,',
    `file: benchmark.tgz, md5: '${'0'.repeat(32)}',`,
  );

  test('all problems are one error, and nothing is written', async () => {
    const dataset = await yaml(withSums);
    await vocArchives();
    const call = prepareDataset(dataset, { from });
    await expect(call).rejects.toThrow(/voc.tar has \d+ bytes instead of 17/);
    await expect(call).rejects.toThrow(/benchmark.tgz has the md5 [0-9a-f]{32} instead of 0{32}/);
    await rm(from, { recursive: true });
    await writeAll(from, { 'other.txt': '' });
    const none = prepareDataset(dataset, { from });
    await expect(none).rejects.toThrow(
      /voc.tar is not there \(or unpacked: VOCdevkit\/VOC2012\)[\s\S]*benchmark.tgz is not there/,
    );
    await expect(stat(to)).rejects.toThrow('ENOENT');
  });

  test('paths that lead out, links and archives that were cut short', async () => {
    const dataset = await yaml(VOC_YAML);
    await vocArchives();
    const good = devkitFiles('VOCdevkit/VOC2012', scenes.slice(0, 1), { lists: {}, masks: [] });
    await writeTar(join(from, 'voc.tar'), { '../../VOCdevkit/VOC2012/JPEGImages/a.jpg': 'x', ...good });
    await expect(prepareDataset(dataset, { from })).rejects.toThrow(/leads out of the folder/);
    const link = { name: 'VOCdevkit/VOC2012/JPEGImages/a.jpg', type: 'symlink', linkname: '/etc/passwd' } as const;
    await writeTar(join(from, 'voc.tar'), good, [link]);
    await expect(prepareDataset(dataset, { from })).rejects.toThrow(/has a symlink under/);
    await vocArchives();
    const whole = await readFile(join(from, 'benchmark.tgz'));
    await writeFile(join(from, 'benchmark.tgz'), whole.subarray(0, whole.length / 2));
    await expect(prepareDataset(dataset, { from })).rejects.toThrow(/benchmark.tgz cannot be unpacked/);
    await writeFile(join(from, 'benchmark.tgz'), 'no archive');
    await expect(prepareDataset(dataset, { from })).rejects.toThrow(/benchmark.tgz cannot be unpacked/);
    expect((await readdir(folder)).sort()).toEqual(['archives', 'data', 'toy.yaml']);
  });

  test('nothing is written into the source, and places have to be known', async () => {
    const dataset = await yaml(VOC_YAML);
    const lists = { 'Segmentation/train': ids(0, 1, 2), 'Segmentation/val': ids(3, 4) };
    await writeAll(to, devkitFiles('toy', scenes, { lists, masks: ids(0, 1, 2, 3, 4) }));
    await writeAll(to, sbdFiles());
    await yaml(VOC_YAML.replace('inside: VOCdevkit/VOC2012', 'inside: VOCdevkit/VOC2012, folders: [toy]'));
    await expect(prepareDataset(dataset, { from: to })).rejects.toThrow(/within the source/);
    await expect(prepareDataset(dataset, { from: join(folder, 'none') })).rejects.toThrow(/none does not exist/);
    await expect(prepareDataset(dataset, { from: dataset })).rejects.toThrow(/toy.yaml is no folder/);
    await expect(prepareDataset('toy-scenes', { from: to })).rejects.toThrow(/'toy-scenes' is generated/);
    await yaml(VOC_YAML.replace('voc-sbd', 'voc'));
    await expect(prepareDataset(dataset, { from: to })).rejects.toThrow(
      /expected trainval, test for the converter 'voc'/,
    );
    await yaml(VOC_YAML.replace('root: $UNSEEN_DATA/toy', 'root: here'));
    await expect(prepareDataset(dataset, { from: to, to: folder })).rejects.toThrow(
      /--to for a dataset whose YAML puts/,
    );
    await yaml('layout: voc');
    await expect(prepareDataset(dataset, { from: to })).rejects.toThrow(/has no 'prepare' block[\s\S]*voc12/);
    delete process.env.UNSEEN_DATA;
    await yaml(VOC_YAML);
    await expect(prepareDataset(dataset, { from: to })).rejects.toThrow(/expected --to DIR/);
  });
});

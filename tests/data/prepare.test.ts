import { readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, prepareDataset } from '@unseen/data';
import { describe, expect, test } from 'vitest';
import {
  devkitFiles,
  listOf,
  readAll,
  writeAll,
  writeTar,
} from '../../packages/data/src/prepare/official-archives.suite.ts';
import { matBytes } from '../../packages/formats/src/mat/mat-writer.suite.ts';
import {
  expectMasks,
  folder,
  from,
  ids,
  sbdFiles,
  scenes,
  to,
  usePrepareFolder,
  VOC_YAML,
  vocArchives,
  yaml,
} from './prepare-fixtures.ts';

usePrepareFolder();

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
    expect(notes).toContain('all 10 images of toy are already prepared');
    await rm(join(to, 'toy/SegmentationClassAug', `${ids(7)[0]}.png`));
    expect(await call()).toBe(9);
    expect(await readAll(to)).toEqual(before);
    await yaml(VOC_YAML.replace('expect: {train_aug: 10582}', 'expect: {train_aug: 8}'));
    expect(await call()).toBe(0);
    expect(notes).toContain('settings or sources have changed: everything is rebuilt');
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
    await expect(call).rejects.toThrow(/does not begin like a MATLAB file/);
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

describe('archives that are not as they should be', () => {
  const withSums = VOC_YAML.replace('file: voc.tar,', 'file: voc.tar, bytes: 17,').replace(
    'file: benchmark.tgz,',
    `file: benchmark.tgz, md5: '${'0'.repeat(32)}',`,
  );

  test('all problems are one error, and nothing is written', async () => {
    const dataset = await yaml(withSums);
    await vocArchives();
    const call = prepareDataset(dataset, { from });
    await expect(call).rejects.toThrow(/voc.tar has \d+ bytes, not 17/);
    await expect(call).rejects.toThrow(/benchmark.tgz has the md5 [0-9a-f]{32}, not 0{32}/);
    await rm(from, { recursive: true });
    await writeAll(from, { 'other.txt': '' });
    const none = prepareDataset(dataset, { from });
    await expect(none).rejects.toThrow(
      /voc.tar is missing \(or unpacked: VOCdevkit\/VOC2012\)[\s\S]*benchmark.tgz is missing/,
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
    await expect(prepareDataset(dataset, { from: dataset })).rejects.toThrow(/toy.yaml is not a folder/);
    await expect(prepareDataset('toy-scenes', { from: to })).rejects.toThrow(/'toy-scenes' is generated/);
    await yaml(VOC_YAML.replace('voc-sbd', 'voc'));
    await expect(prepareDataset(dataset, { from: to })).rejects.toThrow(
      /expected trainval, test for the converter 'voc'/,
    );
    await yaml(VOC_YAML.replace('root: $UNSEEN_DATA/toy', 'root: here'));
    await expect(prepareDataset(dataset, { from: to, to: folder })).rejects.toThrow(/--to for a dataset whose root is/);
    await yaml('layout: voc');
    await expect(prepareDataset(dataset, { from: to })).rejects.toThrow(/has no 'prepare' block[\s\S]*voc12/);
    delete process.env.UNSEEN_DATA;
    await yaml(VOC_YAML);
    await expect(prepareDataset(dataset, { from: to })).rejects.toThrow(/expected --to DIR/);
  });
});

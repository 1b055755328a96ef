import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeedTree } from '@unseen/core';
import { prepareDataset, toyAttributes } from '@unseen/data';
import { expect, test } from 'vitest';
import {
  devkitFiles,
  listOf,
  readAll,
  type Scene,
  scenesOf,
  writeTar,
} from '../../packages/data/src/prepare/official-archives.suite.ts';
import { matBytes } from '../../packages/formats/src/mat/mat-writer.suite.ts';
import { failure, startUnseen } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** A folder with a dataset YAML and the archives of VOC and SBD: 4 images of VOC, 8 of SBD. */
async function archives(): Promise<string> {
  const dir = temporaryFolder();
  const toy = toyAttributes({ seeds: new SeedTree(0), train: 12, val: 1 });
  const scenes = await scenesOf(toy.train, (i) => `2008_${String(i).padStart(6, '0')}`);
  const ids = scenes.map(({ id }) => id);
  const lists = { 'Segmentation/train': ids.slice(0, 2), 'Segmentation/val': ids.slice(2, 4) };
  await mkdir(join(dir, 'archives'));
  await writeTar(
    join(dir, 'archives/voc.tar'),
    devkitFiles('VOCdevkit/VOC2012', scenes, { lists, masks: ids.slice(0, 4) }),
  );
  const mat = ({ id, mask: { height, width, data } }: Scene) =>
    [
      `benchmark_RELEASE/dataset/cls/${id}.mat`,
      matBytes({ 'GTcls.Segmentation': { class: 'uint8', height, width, data } }, { compress: true }),
    ] as const;
  await writeTar(join(dir, 'archives/benchmark.tgz'), {
    ...Object.fromEntries(scenes.slice(4).map(mat)),
    'benchmark_RELEASE/dataset/train.txt': listOf(ids.slice(4, 8)),
    'benchmark_RELEASE/dataset/val.txt': listOf(ids.slice(8)),
  });
  await writeFile(
    join(dir, 'toy.yaml'),
    `name: toy
layout: voc
root: $UNSEEN_DATA/toy
masks: SegmentationClassAug
subsets: {train: $UNSEEN_DATA/toy/ImageSets/Segmentation/train_aug.txt, val: $UNSEEN_DATA/toy/ImageSets/Segmentation/val.txt}
prepare:
  converter: voc-sbd
  archives:
    voc: {file: voc.tar, inside: VOCdevkit/VOC2012}
    sbd: {file: benchmark.tgz, inside: benchmark_RELEASE/dataset}
classes:
${Array.from({ length: 21 }, (_, id) => `  - {id: ${id}, name: class${id}}`).join('\n')}
`,
  );
  return dir;
}

const PREPARE = ['dataset', 'prepare', 'toy.yaml', '--from', 'archives'];

test('two threads make the files that one makes, also when a call is killed on the way', async () => {
  const dir = await archives();
  const one = { from: join(dir, 'archives'), to: join(dir, 'one'), workers: 1 };
  await prepareDataset(join(dir, 'toy.yaml'), one);

  const killed = startUnseen([...PREPARE, '--to', 'two', '--workers', '2'], dir);
  killed.process.stderr?.on('data', (text: string) => {
    if (text.includes('convert')) killed.process.kill('SIGKILL');
  });
  const { code, stderr } = await killed.ended;
  expect(code).toBe(null);
  expect(stderr).toMatch(/\[1\/4\] look for archives[\s\S]*voc: archive .*voc.tar[\s\S]*unpack benchmark.tgz: done in/);
  const two = await startUnseen([...PREPARE, '--to', 'two', '--workers', '2', '--json'], dir).ended;
  expect(two.stderr).toContain('unpack voc.tar: finished earlier');
  expect(two.stderr).toContain('list train: 2 images\nlist val: 2 images\nlist train_aug: 10 images\n');
  const result = JSON.parse(two.lastLine);
  expect(result).toMatchObject({ dataset: 'toy', images: 12, unlabelledPixels: 0, leftOut: [] });
  expect(result.lists).toContainEqual({ name: 'train_aug', images: 10 });
  expect(await readAll(join(dir, 'two'))).toEqual(await readAll(join(dir, 'one')));
}, 120_000);

test('archives that are missing are told with what to do', async () => {
  const dir = temporaryFolder();
  await mkdir(join(dir, 'archives'));
  const missing = ['dataset', 'prepare', 'voc12', '--from', 'archives', '--to', 'data', '--workers', '1'];
  expect(await failure(dir, missing)).toMatch(
    /VOCtrainval_11-May-2012.tar is missing .*--download gets it from http:\/\/host.robots.ox.ac.uk/,
  );
});

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDataset } from '@unseen/data';
import { expect, test } from 'vitest';
import { exported } from '../data/layout-fixtures.ts';
import { unseen } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test('a dataset in another layout, and its mistakes', async () => {
  const { yaml, folder } = await exported('coco-instances');
  const cwd = dirname(folder);
  const to = (layout: string, ...more: string[]) =>
    unseen(['dataset', 'export', yaml, '--layout', layout, '--to', layout, '--json', ...more], cwd);
  const [voc, plain, wrong] = await Promise.all([to('voc', '--first', '1'), to('folder'), to('vocs')]);
  expect(JSON.parse(voc.lastLine)).toEqual({
    yaml: join(cwd, 'voc/dataset.yaml'),
    layout: 'voc',
    images: { train: 1, val: 1 },
    objects: { written: 2, left: 0 },
  });
  expect((await (await openDataset(join(cwd, 'voc/dataset.yaml'))).train[0].instances?.())?.items).toHaveLength(3);
  expect(plain.stderr).toContain('without the objects of 3 images');
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/--layout 'vocs'; expected one of: folder, voc, .*\n.*did you mean 'voc'\?/);
}, 120_000);

test('labelled and unlabelled lists by seed', async () => {
  const cwd = temporaryFolder();
  const split = (labelled: string) =>
    unseen(['dataset', 'split', 'toy-scenes', '--labelled', labelled, '--seed', '3', '--out', 'a', '--json'], cwd);
  const [eighth, wrong] = await Promise.all([split('1/8'), split('0.5')]);
  expect(JSON.parse(eighth.lastLine)).toEqual({
    seed: 3,
    labelled: 'a/labelled.txt',
    unlabelled: 'a/unlabelled.txt',
    images: { labelled: 250, unlabelled: 1750 },
  });
  const read = async (name: string) => (await readFile(join(cwd, 'a', name), 'utf8')).trim().split('\n');
  const [labelled, unlabelled] = [await read('labelled.txt'), await read('unlabelled.txt')];
  expect([labelled.length, new Set([...labelled, ...unlabelled]).size]).toEqual([250, 2000]);
  expect(labelled).not.toEqual(labelled.map((_, i) => `train-${String(i).padStart(5, '0')}`));
  expect(wrong.stderr).toContain("--labelled '0.5'; expected a fraction such as 1/8");
}, 120_000);

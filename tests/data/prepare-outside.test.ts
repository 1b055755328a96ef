import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareDataset } from '@unseen/data';
import { expect, test } from 'vitest';
import { devkitFiles, readAll, writeAll, writeTar } from '../../packages/data/src/prepare/official-archives.suite.ts';
import { folder, from, ids, scenes, to, usePrepareFolder, VOC_YAML, vocArchives, yaml } from './prepare-fixtures.ts';

usePrepareFolder();

const PLAIN_VOC = `layout: voc
root: $UNSEEN_DATA/toy
subsets: {train: $ROOT/ImageSets/Segmentation/train.txt, val: $ROOT/ImageSets/Segmentation/val.txt}
palette: voc
prepare:
  converter: voc
  archives:
    trainval: {file: voc.tar, inside: VOCdevkit/VOC2012}`;

/** Something of the user's beside the data folder, which no dataset may touch. */
async function precious(): Promise<string> {
  const path = join(folder, 'precious');
  await writeAll(path, { 'x.zip': 'mine', 'x.1-1.tmp': 'mine', 'JPEGImages/mine.jpg': 'mine' });
  return path;
}

async function devkit(): Promise<void> {
  const lists = { 'Segmentation/train': ids(0, 1), 'Segmentation/val': ids(3) };
  const files = devkitFiles('VOCdevkit/VOC2012', scenes.slice(0, 4), { lists, masks: ids(0, 1, 3) });
  await writeTar(join(from, 'voc.tar'), files);
}

test.each([
  ["voc.tar, inside: VOCdevkit/VOC2012, nested: ['../../../../precious/x.zip']", /nested\.0.*below the folder/],
  ["voc.tar, inside: VOCdevkit/VOC2012, nested: ['/precious/x.zip']", /nested\.0.*below the folder/],
  ['../precious/x.zip', /archives\.trainval\.file.*below the folder/],
  ['voc.tar, inside: ../precious', /archives\.trainval\.inside.*below the folder/],
  ['voc.tar, inside: VOCdevkit/VOC2012, folders: [a/../../precious]', /folders\.0.*below the folder/],
])('a dataset whose archives are {file: %s} is refused with the place', async (archive, message) => {
  const outside = await precious();
  const before = await readAll(outside);
  await devkit();
  const path = await yaml(PLAIN_VOC.replace('voc.tar, inside: VOCdevkit/VOC2012', archive));
  const error = await prepareDataset(path, { from }).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ name: 'UserError', message: expect.stringMatching(/toy\.yaml:\d+:\d+/) });
  expect((error as Error).message).toMatch(message);
  expect(await readAll(outside)).toEqual(before);
});

test.each([
  ['masks outside', `masks: ../../precious/masks\n${PLAIN_VOC}`],
  ['photos in an absolute place', `images: ../../precious/JPEGImages\n${PLAIN_VOC}`],
  ['a root outside of the data folder', PLAIN_VOC.replace('root: $UNSEEN_DATA/toy', 'root: $UNSEEN_DATA/../precious')],
])('%s are not written', async (_, text) => {
  const outside = await precious();
  const before = await readAll(outside);
  await devkit();
  await expect(prepareDataset(await yaml(text), { from })).rejects.toThrow(/leads out of/);
  expect(await readAll(outside)).toEqual(before);
});

test('a name that leads out of the folder of journals is refused', async () => {
  await devkit();
  const path = await yaml(PLAIN_VOC);
  await writeFile(path, (await readFile(path, 'utf8')).replace('name: toy', 'name: ../../../up'));
  await expect(prepareDataset(path, { from })).rejects.toThrow(
    /'name' of .*toy\.yaml is '\.\.\/\.\.\/\.\.\/up', which leads out/,
  );
  expect(existsSync(join(folder, 'up'))).toBe(false);
});

test('a folder that is a link to another place is not written through', async () => {
  const outside = await precious();
  const before = await readAll(outside);
  await devkit();
  await mkdir(join(to, 'toy'), { recursive: true });
  await symlink(join(outside, 'JPEGImages'), join(to, 'toy/JPEGImages'));
  await expect(prepareDataset(await yaml(PLAIN_VOC), { from })).rejects.toThrow('through a link');
  expect(await readAll(outside)).toEqual(before);
});

test('a damaged journal neither stops the work nor leads it elsewhere', async () => {
  const outside = await precious();
  const before = await readAll(outside);
  await vocArchives();
  const dataset = await yaml(VOC_YAML);
  await prepareDataset(dataset, { from });
  const whole = await readAll(to);
  const work = join(to, 'toy/.prepare/toy');
  const [head, first, ...lines] = (await readFile(join(work, 'journal.jsonl'), 'utf8')).split('\n');
  const wrong = { ...JSON.parse(first), outputs: [['../../precious/x.zip', 4]] };
  await writeFile(
    join(work, 'journal.jsonl'),
    [head, 'null', '7', '{"id": 3}', JSON.stringify(wrong), ...lines].join('\n'),
  );
  for (const name of ['summary.json', 'unpacked.json', 'checksums.json']) await writeFile(join(work, name), '7');
  expect((await prepareDataset(dataset, { from })).images).toBe(10);
  expect(await readAll(outside)).toEqual(before);
  expect(await readdir(work)).toEqual(['checksums.json', 'journal.jsonl', 'summary.json']);
  await writeFile(join(work, 'journal.jsonl'), 'null\n');
  await prepareDataset(dataset, { from });
  const made = ([path]: [string, string]) => !path.includes('checksums');
  expect([...(await readAll(to))].filter(made)).toEqual([...whole]);
});

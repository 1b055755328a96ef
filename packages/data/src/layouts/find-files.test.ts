import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { IMAGE_TYPES } from '../file-types.ts';
import { findAllFiles, findFiles, findFilesOfAnyType, idsInFolder } from './find-files.ts';

async function folderOf(...names: string[]): Promise<string> {
  const folder = temporaryFolder();
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), '');
  }
  return folder;
}

test('every type is found in any letter case, the first of several types first', async () => {
  const names = IMAGE_TYPES.flatMap((type, i) => [`${i}${type}`, `sub/${i}${type.toUpperCase()}`]);
  const folder = await folderOf(...names, 'x.Png', 'x.jpeg', 'y.bmp');
  const ids = IMAGE_TYPES.flatMap((_, i) => [`${i}`, `sub/${i}`]);
  const found = await findAllFiles(folder, [...ids, 'x', 'y', 'nowhere/z'], IMAGE_TYPES);
  const paths = found.map((files) => files.map((file) => relative(folder, file)));
  expect(paths).toEqual([...names.map((name) => [name]), ['x.jpeg', 'x.Png'], [], []]);
  expect((await findFilesOfAnyType(folder, ['y', 'z'])).map((files) => files.length)).toEqual([1, 0]);
});

test('names are the same in both forms of Unicode', async () => {
  const folder = await folderOf('café.png'.normalize('NFD'));
  expect(await findFiles(folder, ['café'.normalize('NFC')], ['.png'])).toEqual([
    join(folder, 'café.png'.normalize('NFD')),
  ]);
});

test('of a folder, hidden and side files are left out without a word, and pictures of other types are named', async () => {
  const side = ['._a.png', '.DS_Store', '.ipynb_checkpoints/a.png', '__MACOSX/a.png', 'Thumbs.db', 'sub/.hidden/b.png'];
  const folder = await folderOf('a.png', 'a.JPG', 'sub/b.webp', 'c.bmp', 'd.HEIC', 'notes.txt', ...side);
  expect(await idsInFolder(folder, IMAGE_TYPES)).toEqual({ ids: ['a', 'sub/b'], passedOver: ['c.bmp', 'd.HEIC'] });
});

test('a folder that cannot be read is told, and does not count as empty', async () => {
  const folder = await folderOf('a.png');
  await symlink('loop', join(folder, 'loop'));
  await expect(findFiles(folder, ['a', 'loop/b'], ['.png'])).rejects.toThrow(/loop/);
});

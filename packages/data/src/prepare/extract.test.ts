import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryPath, UserError } from '@unseen/core';
import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { damagedVersions } from '../../../formats/src/damage.suite.ts';
import { extractArchive } from './extract.ts';
import { readAll, writeTar, writeZip } from './official-archives.suite.ts';

let folder: string;
let target: string;
beforeEach(async () => {
  folder = temporaryFolder();
  target = join(folder, 'inside/target');
});

const FILES = {
  'kit/list.txt': 'a\nb\n',
  './kit/masks/a.png': Buffer.from([1, 2, 3]),
  'kit/masks/b.png': Buffer.from([4]),
  'kit/readme.md': 'not wanted',
  'other/list.txt': 'elsewhere',
};
const WANTED = /^(list\.txt|masks\/\w\.png)$/;
const NAMES = ['a.tar', 'a.tar.gz', 'a.tgz', 'a.zip'];

async function write(name: string, files: Readonly<Record<string, string | Uint8Array>> = FILES): Promise<string> {
  const path = join(folder, name);
  if (name.endsWith('.zip')) {
    await writeZip(path, Object.fromEntries(Object.entries(files).map(([key, v]) => [key.replace(/^\.\//, ''), v])));
  } else await writeTar(path, files);
  return path;
}

it.each(NAMES)('%s: the wanted files of a folder, and no others', async (name) => {
  const archive = await write(name);
  expect(await extractArchive({ archive, inside: 'kit', wanted: WANTED, target })).toBe(3);
  const read = await readAll(target);
  expect([...read.keys()]).toEqual(['list.txt', 'masks/a.png', 'masks/b.png']);
  expect(Buffer.from(read.get('masks/a.png')!, 'base64')).toEqual(Buffer.from([1, 2, 3]));
});

it.each(NAMES)('%s: what is there in full stays, what is not is written again', async (name) => {
  const archive = await write(name);
  await extractArchive({ archive, inside: 'kit', wanted: WANTED, target });
  await writeFile(join(target, 'list.txt'), 'x\ny\n');
  await writeFile(join(target, 'masks/a.png'), 'cut');
  await writeFile(join(target, 'masks/b.png'), 'too long');
  await extractArchive({ archive, inside: 'kit', wanted: WANTED, target });
  expect(await readFile(join(target, 'list.txt'), 'utf8')).toBe('x\ny\n');
  expect(await readFile(join(target, 'masks/b.png'))).toEqual(Buffer.from([4]));
});

it.each(NAMES)('%s: nothing is written outside of the target', async (name) => {
  for (const path of ['../../kit/list.txt', '/kit/list.txt', 'kit/../../list.txt', 'kit\\..\\list.txt']) {
    // Writers of zip archives turn backslashes over, and so does the reader.
    if (name.endsWith('.zip') && path.includes('\\')) continue;
    const archive = await write(name, { [path]: 'x', 'kit/masks/a.png': 'a' });
    await expect(extractArchive({ archive, inside: 'kit', wanted: /./, target })).rejects.toThrow(UserError);
    expect((await readdir(folder)).filter((entry) => entry !== 'inside')).toEqual([name]);
    await rm(archive);
  }
});

it('what a killed process has left of a file is removed', async () => {
  const archive = await write('a.zip');
  const left = temporaryPath(join(target, 'masks/a.png')).replace(`-${process.pid}-`, '-999999999-');
  await mkdir(join(target, 'masks'), { recursive: true });
  await writeFile(left, 'half');
  await extractArchive({ archive, inside: 'kit', wanted: WANTED, target });
  expect(await readdir(join(target, 'masks'))).toEqual(['a.png', 'b.png']);
});

it('an archive that ends anywhere within its files is an error', async () => {
  const good = await readFile(await write('a.tgz'));
  const archive = join(folder, 'cut.tgz');
  for (let end = 0; end < good.length - 8; end += 3) {
    await writeFile(archive, good.subarray(0, end));
    await expect(extractArchive({ archive, inside: 'kit', wanted: WANTED, target })).rejects.toThrow(UserError);
    await rm(target, { recursive: true, force: true });
  }
});

it.each(['a.tar', 'a.tgz', 'a.zip'])('%s damaged ends in an error or in whole files', async (name) => {
  const good = await readFile(await write(name));
  const archive = join(folder, `damaged-${name}`);
  await fc.assert(
    fc.asyncProperty(damagedVersions(good), async (damaged) => {
      await writeFile(archive, damaged);
      try {
        await extractArchive({ archive, inside: 'kit', wanted: WANTED, target });
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
      const left = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.tmp'));
      expect(left).toEqual([]);
      await rm(target, { recursive: true, force: true });
    }),
    { numRuns: 100 },
  );
});

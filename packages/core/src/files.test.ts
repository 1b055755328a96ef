import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { UserError } from './errors.ts';
import {
  explainFileError,
  hashJson,
  linkOrCopy,
  makeFolder,
  openFile,
  readBytes,
  sha256,
  sha256File,
  writeAtomic,
  writeFileAtomic,
} from './files.ts';
import { readJson } from './json.ts';
import { temporaryPath } from './temporary.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

describe('writeAtomic', () => {
  it('writes into new folders and leaves nothing else', async () => {
    await writeFileAtomic(join(folder, 'a/b/c.txt'), 'text');
    expect(await readdir(join(folder, 'a/b'))).toEqual(['c.txt']);
    expect(await readFile(join(folder, 'a/b/c.txt'), 'utf8')).toBe('text');
  });

  it('keeps the old file when writing fails half way', async () => {
    const path = join(folder, 'kept.txt');
    await writeFile(path, 'old');
    const failing = writeAtomic(path, async (file) => {
      await file.write('half');
      throw new Error('pulled the plug');
    });
    await expect(failing).rejects.toThrow('pulled the plug');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['kept.txt']);
  });

  it.skipIf(process.getuid?.() === 0)('explains a folder that cannot be written', async () => {
    const locked = join(folder, 'locked');
    await mkdir(locked);
    await chmod(locked, 0o500);
    await expect(writeFileAtomic(join(locked, 'x'), '')).rejects.toThrow(/no permission/);
  });

  it('can write every name that the file system allows', async () => {
    const name = 'ü'.repeat(127);
    await writeFileAtomic(join(folder, name), 'text');
    expect(await readdir(folder)).toEqual([name]);
  });

  it('removes what killed processes left, and nothing else', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const [killed, running] = [pid, process.ppid].map((other) =>
      basename(temporaryPath('x.json')).replace(`-${process.pid}-`, `-${other}-`),
    );
    const own = basename(temporaryPath('y'));
    const elsewhere = ['1', '2'].map((digit) => `.x.json.${digit.repeat(8)}-${pid}-1-0.tmp`);
    const foreign = ['x.tmp', '.x.tmp', 'thesis.1-1.tmp'];
    for (const name of [killed, running, own, ...elsewhere, ...foreign]) await writeFile(join(folder, name), '');
    const yesterday = Date.now() / 1000 - 25 * 3600;
    await utimes(join(folder, elsewhere[0]), yesterday, yesterday);
    await writeFileAtomic(join(folder, 'z'), '');
    const left = await readdir(folder);
    expect(left).not.toContain(killed);
    expect(left).not.toContain(elsewhere[0]);
    expect(left).toEqual(expect.arrayContaining([own, elsewhere[1], ...foreign]));
  });

  it('explains a path through a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeFileAtomic(join(folder, 'file/x'), '')).rejects.toThrow(/file is a file; expected a folder/);
  });
});

describe('errors of the file system', () => {
  const refused = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error) => (error instanceof UserError ? error.message : error),
    );

  it('are explained: names that are too long, circles of links, folders and files in the wrong place', async () => {
    const long = join(folder, 'x'.repeat(300));
    expect(await refused(writeFileAtomic(long, ''))).toMatch(/…x+ is too long for the file system \(\d+ bytes\)/);
    expect(await refused(makeFolder(long))).toContain('is too long');
    await symlink('circle', join(folder, 'circle'));
    expect(await refused(readJson(join(folder, 'circle')))).toContain('is a symbolic link that leads back to itself');
    expect(await refused(readJson(folder))).toContain('is a folder');
    await writeFile(join(folder, 'file'), '');
    expect(await refused(makeFolder(join(folder, 'file')))).toContain('is a file; expected a folder');
    expect(await refused(makeFolder(join(folder, 'file/deep')))).toContain('is a file, not a folder');
    await mkdir(join(folder, 'full/deep'), { recursive: true });
    expect(await refused(writeFileAtomic(join(folder, 'full'), ''))).toContain('is a folder');
  });

  it.skipIf(process.platform === 'win32')(
    'are told of what is no file: it is neither read without end nor replaced',
    async () => {
      const wrong = /^.* is a device; expected a file; name a file$/;
      expect(await refused(readBytes('/dev/zero'))).toMatch(wrong);
      expect(await refused(readJson('/dev/zero'))).toMatch(wrong);
      // Not /dev/null: whoever may replace it would have lost it if this failed.
      const pipe = join(folder, 'pipe');
      spawnSync('mkfifo', [pipe]);
      await symlink(pipe, join(folder, 'link'));
      await writeFile(join(folder, 'source'), '');
      for (const path of [pipe, join(folder, 'link')]) {
        expect(await refused(writeFileAtomic(path, 'x'))).toMatch(wrong);
        expect(await refused(linkOrCopy(join(folder, 'source'), path))).toMatch(wrong);
      }
      for (const read of [readBytes, openFile, sha256File]) {
        expect(await refused(read(join(folder, 'link')))).toMatch(/link is a pipe; expected a file/);
      }
      expect((await stat(pipe)).isFIFO()).toBe(true);
      expect((await readdir(folder)).sort()).toEqual(['link', 'pipe', 'source']);
    },
  );

  it('are told of a path with a null character', async () => {
    expect(await refused(readBytes(join(folder, 'a\0b')))).toMatch(/^the path '.*a\\0b' has a null character/);
    expect(await refused(writeFileAtomic(join(folder, 'a\0b'), ''))).toContain('has a null character');
  });

  it('are explained by their codes; others stay as they are', () => {
    for (const code of ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'EBUSY', 'EIO', 'ESTALE', 'EFBIG']) {
      expect(explainFileError(Object.assign(new Error(), { code }), '/data/x')).toMatchObject({
        name: 'UserError',
        message: expect.stringContaining('/data/x'),
      });
    }
    const other = Object.assign(new Error(), { code: 'toString' });
    expect(explainFileError(other, '/data/x')).toBe(other);
  });
});

describe('hashes', () => {
  it('hashes a file like its bytes', async () => {
    await writeFile(join(folder, 'x'), 'abc');
    expect(await sha256File(join(folder, 'x'))).toBe(sha256('abc'));
    expect(sha256('abc').slice(0, 8)).toBe('ba7816bf');
  });

  it('does not depend on the order of keys', () => {
    expect(hashJson({ a: 1, b: { c: 2, d: 3 } })).toBe(hashJson({ b: { d: 3, c: 2 }, a: 1 }));
    expect(hashJson({ a: 1 })).not.toBe(hashJson({ a: 2 }));
  });
});

describe('linkOrCopy', () => {
  it('puts the same bytes at another path, twice over, and leaves nothing else', async () => {
    const folder = temporaryFolder();
    const [source, target] = [join(folder, 'source'), join(folder, 'deep', 'target')];
    await writeFile(source, 'bytes');
    for (let i = 0; i < 2; i++) await linkOrCopy(source, target);
    await writeFileAtomic(target, 'others');
    expect(await readFile(source, 'utf8')).toBe('bytes');
    expect(await readdir(join(folder, 'deep'))).toEqual(['target']);
    await expect(linkOrCopy(join(folder, 'none'), target)).rejects.toThrow('does not exist');
    expect(await readFile(target, 'utf8')).toBe('others');
  });
});

import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashJson, linkOrCopy, readJson, sha256, sha256File, writeAtomic, writeFileAtomic } from './files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unseen-files-'));
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

  it('explains a path through a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeFileAtomic(join(folder, 'file/x'), '')).rejects.toThrow(/is a file, not a folder|exists/);
  });
});

describe('readJson', () => {
  it('names the path of a missing or broken file', async () => {
    await expect(readJson(join(folder, 'none.json'))).rejects.toThrow(/none\.json does not exist/);
    await writeFile(join(folder, 'broken.json'), '{');
    await expect(readJson(join(folder, 'broken.json'))).rejects.toThrow(/broken\.json is not valid JSON/);
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
    const folder = await mkdtemp(join(tmpdir(), 'link-'));
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

import { mkdir, symlink } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { isInnerPath, RUN_NAME, resolveInside } from './paths.ts';

let dir: string;
let root: string;
beforeEach(async () => {
  dir = temporaryFolder();
  root = join(dir, 'root');
  await mkdir(join(root, 'inner'), { recursive: true });
});

test.each(['a', 'inner/a', './a', 'inner/../a', 'new/deep/a', '...', '..a'])('%s lies inside', async (path) => {
  expect(await resolveInside(root, path, 'nested')).toBe(resolve(root, path));
});

test('an absolute path may be given, when it lies inside', async () => {
  expect(await resolveInside(root, join(root, 'a'), 'nested')).toBe(join(root, 'a'));
});

test.each(['', '.', '..', '../a', 'inner/../../a', '../root', '/etc/passwd', 'a\0b', '../root2/a'])(
  "'%s' leads out, or is the folder itself",
  async (path) => {
    await expect(resolveInside(root, path, "'nested' of x.yaml")).rejects.toThrow(
      /^'nested' of x\.yaml is .* leads out/,
    );
  },
);

test('a link that leads out is followed for what lies behind it, not for itself', async () => {
  await symlink(dir, join(root, 'out'));
  await symlink(join(root, 'inner'), join(root, 'in'));
  await symlink(root, join(dir, 'alias'));
  await expect(resolveInside(root, 'out/a', 'nested')).rejects.toThrow('through a link');
  await expect(resolveInside(root, 'out/new/a', 'nested')).rejects.toThrow('through a link');
  expect(await resolveInside(root, 'in/a', 'nested')).toBe(join(root, 'in/a'));
  expect(await resolveInside(root, 'out', 'nested')).toBe(join(root, 'out'));
  expect(await resolveInside(join(dir, 'alias'), 'a', 'nested')).toBe(join(dir, 'alias/a'));
});

test('by their letters, paths of any system lead out or do not', () => {
  for (const path of ['', '.', 'a', 'a/../b', './a', '..a', 'a..']) expect(isInnerPath(path), path).toBe(true);
  for (const path of ['..', 'a/../..', '/a', '\\a', 'c:\\a', 'a\\..\\..\\b', 'a\0'])
    expect(isInnerPath(path), path).toBe(false);
});

test('whatever the path, the result lies below the folder', async () => {
  const part = fc.constantFrom('..', '.', 'a', 'inner', '', '~', '…');
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
      const found = await resolveInside(root, parts.join('/'), 'x').catch(() => undefined);
      if (found !== undefined) expect(found.startsWith(root + sep)).toBe(true);
      else expect(parts.some((one) => one === '..' || one === '.' || one === '') || parts.length === 0).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('names of runs are folders of their own', () => {
  for (const name of ['cagnet-voc12', 'a', '_x.1', '...', 'x'.repeat(200)]) expect(name).toMatch(RUN_NAME);
  for (const name of ['.', '..', '', 'a/b', 'a b', 'x'.repeat(201)]) expect(name).not.toMatch(RUN_NAME);
});

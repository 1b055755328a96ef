import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { madeOnce } from './once.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** The folder of the tarballs of all packages, as they are published. */
export function packedTarballs(): Promise<string> {
  return madeOnce('tarballs', async (folder) => {
    await run(process.execPath, [join(ROOT, 'scripts/pack.mjs'), folder]);
  });
}

/** Makes a project with all tarballs installed; what they depend on is linked from the workspace, which needs no network. */
export async function packedProject(path: string): Promise<string> {
  const tarballs = await packedTarballs();
  const modules = join(path, 'node_modules');
  mkdirSync(join(modules, '@unseen'), { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: basename(path), private: true, type: 'module' }));
  for (const entry of readdirSync(join(ROOT, 'node_modules'))) {
    if (entry !== '@unseen' && !entry.startsWith('.'))
      symlinkSync(join(ROOT, 'node_modules', entry), join(modules, entry));
  }
  for (const tarball of readdirSync(tarballs)) {
    const folder = join(modules, '@unseen', tarball.replace(/^unseen-(.+)-\d+\.\d+\.\d+\.tgz$/, '$1'));
    mkdirSync(folder);
    await run('tar', ['xzf', join(tarballs, tarball), '--strip-components=1', '-C', folder]);
  }
  return path;
}

/** Writes a program into a project that imports every package and uses those that people take singly; gives its path. It prints `used`. */
export function writeUser(project: string): string {
  const path = join(project, 'index.js');
  const packages = readdirSync(join(ROOT, 'packages'));
  writeFileSync(
    path,
    `import assert from 'node:assert/strict';
for (const name of ${JSON.stringify(packages)}) {
  const exports = await import('@unseen/' + name);
  assert.equal(typeof exports, 'object', name);
}
import { SeedTree, nearestName } from '@unseen/core';
assert.equal(nearestName('sed', ['seed', 'name']), 'seed');
assert.equal(new SeedTree(1).stream().uniform(), new SeedTree(1).stream().uniform());

import { decodeNpy, encodeNpy } from '@unseen/formats';
assert.deepEqual([...decodeNpy(encodeNpy({ shape: [3], values: new Float32Array([1, 2, 3]) }), 'a.npy').values], [1, 2, 3]);

import { ConfusionMatrix, segmentationMetrics } from '@unseen/metrics';
const matrix = new ConfusionMatrix(2);
matrix.add(new Uint8Array([0, 0, 1, 1]), new Uint8Array([0, 0, 1, 0]));
const classes = [{ id: 1, name: 'cat', group: 'seen' }, { id: 2, name: 'lynx', group: 'unseen' }];
assert.equal(segmentationMetrics(matrix, { classes, resolution: 'original' }).unseenMIoU, 0.5);

import { listDatasets } from '@unseen/data';
assert.ok((await listDatasets()).some(({ name }) => name === 'toy-attributes'));
console.log('used');
`,
  );
  return path;
}

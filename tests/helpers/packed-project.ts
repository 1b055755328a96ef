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

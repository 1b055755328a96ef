// node scripts/pack.mjs DIR: the tarballs of all packages, as they are published. Build first.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './prepare.mjs';

/** What the command brings along, beside its code. */
const ASSETS = ['experiments', 'datasets', 'embeddings'];

const out = resolve(process.argv[2] ?? 'packed');
mkdirSync(out, { recursive: true });
const staging = mkdtempSync(join(tmpdir(), 'unseen-pack-'));
try {
  const packages = readdirSync(join(root, 'packages'));
  for (const name of packages) {
    const from = join(root, 'packages', name);
    if (!existsSync(join(from, 'dist', 'index.js')))
      throw new Error(`packages/${name} is not built: run 'npm run build'`);
    const to = join(staging, name);
    cpSync(from, to, { recursive: true, filter: (path) => !path.startsWith(join(from, 'node_modules')) });
    cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
    const manifest = JSON.parse(readFileSync(join(to, 'package.json'), 'utf8'));
    // Only the workspace has sources.
    delete manifest.exports['.'].source;
    writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    if (name !== 'cli') continue;
    for (const asset of ASSETS) {
      if (existsSync(join(root, asset))) cpSync(join(root, asset), join(to, 'dist', asset), { recursive: true });
    }
  }
  const folders = packages.map((name) => join(staging, name));
  const { status } = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', out, ...folders], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(staging, { recursive: true });
}

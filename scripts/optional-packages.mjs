import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, tool } from './prepare.mjs';

/** Runs npm in the workspace, its output on standard error; whether it succeeded. */
export function npm(args, options = {}) {
  // npm tells the scripts that it runs where it is; on Windows its command could not be started without a shell.
  const path = process.env.npm_execpath;
  const [command, ...before] = path?.endsWith('.js') ? [process.execPath, path] : ['npm'];
  const { status } = spawnSync(command, [...before, ...args], { cwd: root, stdio: ['ignore', 2, 2], ...options });
  return status === 0;
}

/** Installs optional peers of packages/tensor, in the versions that it names, without saving that; whether they are there. */
export function installOptional(names, options) {
  const manifest = JSON.parse(readFileSync(join(root, 'packages/tensor/package.json'), 'utf8'));
  const versions = manifest.peerDependencies;
  // npm removes what it did not save before, unless it is named again.
  const present = Object.keys(versions).filter((name) => existsSync(tool(name)));
  const wanted = [...new Set([...present, ...names])].map((name) => `${name}@${versions[name]}`);
  return npm(['install', '--no-save', ...wanted], options);
}

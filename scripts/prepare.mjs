import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the workspace. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Path of a file in the workspace's node_modules. */
export const tool = (path) => join(root, 'node_modules', path);

/**
 * Runs a program in the workspace and ends this process when it fails. Its output goes to standard error unless `stdio`
 * says otherwise, so that standard output stays free for results.
 */
export function step(name, command, args, { stdio = ['inherit', 2, 2] } = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio });
  if (status === 0) return;
  process.stderr.write(`${name} failed (${error?.message ?? signal ?? `exit code ${status}`})\n`);
  process.exit(status || 1);
}

/** `step` of a JavaScript program. */
export const nodeStep = (name, args, options) => step(name, process.execPath, args, options);

/** Installs the dependencies where they are missing or other than the lock file says. */
export function install() {
  if (isInstalled()) return;
  process.stderr.write('installing dependencies\n');
  // npm tells the scripts that it runs where it is; on Windows its command could not be started without a shell.
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) nodeStep('npm ci', [npm, 'ci']);
  else step('npm ci', 'npm', ['ci']);
}

/** Compiles what has changed. */
export function build() {
  nodeStep('build', [tool('typescript/bin/tsc'), '-b']);
}

/** Compares contents: the times of the two lock files say nothing after a checkout. */
function isInstalled() {
  const record = tool('.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, peer }]) =>
      !path.startsWith('node_modules/') || optional || peer || installed[path]?.version === version,
  );
}

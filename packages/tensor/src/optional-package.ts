import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@unseen/core';
import { fatalEnd } from './fatal-end.ts';

const require = createRequire(import.meta.url);

/** A package that is not needed for most of what this one does, and is installed here. */
export interface OptionalPackage {
  readonly name: string;
  readonly version: string;
  /**
   * Loads it, after a `trial` where one is given: code that is run as {@link fatalEnd} says, with the package's file and
   * `args` as its arguments. Throws in one line that the package does not load, and why.
   */
  load(trial?: string, ...args: readonly string[]): Promise<unknown>;
}

/** An optional peer of this package; `undefined` where it is not installed, or half of it. Nothing of it is run. */
export function findPackage(name: string): OptionalPackage | undefined {
  let entry: string;
  let manifest: Manifest;
  try {
    entry = require.resolve(name);
    manifest = manifestOf(entry, name);
  } catch {
    return undefined;
  }
  const { version, type } = manifest;
  return {
    name,
    version,
    async load(trial, ...args) {
      try {
        const end = trial && (await fatalEnd(trial, entry, ...args));
        if (end !== undefined) throw new Error(`it ${end}`);
        // What is CommonJS has to meet the one tfjs-core of this process, which `require` gives it.
        return type === 'module' ? await import(pathToFileURL(entry).href) : require(entry);
      } catch (error) {
        const reason = messageOf(error).split('\n')[0].trim();
        throw new Error(`${name} ${version} does not load (${reason})`, { cause: error });
      }
    },
  };
}

interface Manifest {
  readonly version: string;
  readonly type?: string;
}

function manifestOf(entry: string, name: string): Manifest {
  for (let dir = dirname(entry); dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'package.json');
    if (!existsSync(path)) continue;
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    if (manifest.name === name) return manifest;
  }
  throw new Error(`${entry} belongs to no package named ${name}`);
}

/**
 * The command that installs optional peers: the workspace's own, which saves nothing, or in a project that has this
 * package from the registry npm's, with the versions that were tested.
 */
export function installCommand(backend: string, packages: readonly string[], ...flags: string[]): string {
  const folder = join(import.meta.dirname, '..');
  if (!folder.includes('node_modules')) return `npm run setup:gpu -- ${backend}`;
  const { peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return ['npm install', ...flags, ...packages.map((name) => `${name}@${peerDependencies[name]}`)].join(' ');
}

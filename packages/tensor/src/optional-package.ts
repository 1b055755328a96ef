import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@unseen/core';
import { fatalEnd } from './fatal-end.ts';

const require = createRequire(import.meta.url);

/** An optional package that is installed. */
export interface OptionalPackage {
  readonly name: string;
  readonly version: string;
  /**
   * Loads the package, after running `trial` if given: code that {@link fatalEnd} runs with the package's file and
   * `args` as arguments. If the package does not load, throws an error that says why in one line.
   */
  load(trial?: string, ...args: readonly string[]): Promise<unknown>;
}

/** An optional peer dependency; `undefined` if it is not installed completely. Nothing of it is run. */
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
        // CommonJS packages must get the same tfjs-core as this process, which `require` provides.
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
  throw new Error(`${entry} does not belong to the package ${name}`);
}

/**
 * The command that installs optional peer dependencies: the workspace's script, which changes no manifest, or, in a
 * project that uses the published package, npm with the tested versions.
 */
export function installCommand(backend: string, packages: readonly string[], ...flags: string[]): string {
  const folder = join(import.meta.dirname, '..');
  if (!folder.includes('node_modules')) return `npm run setup:gpu -- ${backend}`;
  const { peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return ['npm install', ...flags, ...packages.map((name) => `${name}@${peerDependencies[name]}`)].join(' ');
}

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/** A package that is not needed for most of what this one does, and is installed here. */
export interface OptionalPackage {
  readonly name: string;
  readonly version: string;
  /** Loads it. */
  load(): Promise<unknown>;
}

/** An optional peer of this package; `undefined` where it is not installed. Nothing of it is run. */
export function findPackage(name: string): OptionalPackage | undefined {
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch {
    return undefined;
  }
  const { version, type } = manifestOf(entry, name);
  return {
    name,
    version,
    // What is CommonJS has to meet the one tfjs-core of this process, which `require` gives it.
    load: async () => (type === 'module' ? import(pathToFileURL(entry).href) : require(entry)),
  };
}

function manifestOf(entry: string, name: string): { readonly version: string; readonly type?: string } {
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

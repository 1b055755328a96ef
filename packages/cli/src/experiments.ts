import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { didYouMean, UserError } from '@unseen/core';
import { assetFolder } from './assets.ts';

/** Names such as `cagnet/toy`. Files `base-*.yaml` are parts of others. */
export async function experimentNames(): Promise<string[]> {
  const folder = assetFolder('experiments');
  const files = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
  return files
    .filter((file) => file.endsWith('.yaml') && !basename(file).startsWith('base-'))
    .map((file) => file.slice(0, -'.yaml'.length).replaceAll('\\', '/'))
    .sort();
}

/** Path of an experiment: a file as seen from the working directory, or one that comes with the program, by name. */
export async function findExperiment(nameOrPath: string): Promise<string> {
  const path = resolve(nameOrPath);
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isFile()) return path;
  const names = await experimentNames();
  const name = nameOrPath.replace(/^(\.\/)?experiments\//, '').replace(/\.ya?ml$/, '');
  if (names.includes(name)) return join(assetFolder('experiments'), `${name}.yaml`);
  throw new UserError({
    given: entry?.isDirectory() ? `${nameOrPath} is a folder` : `there is no experiment '${nameOrPath}'`,
    expected: `the path of a YAML file${names.length > 0 ? ` or one of: ${names.join(', ')}` : ''}`,
    ...didYouMean(name, names),
  });
}

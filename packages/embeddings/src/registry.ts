import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, UserError } from '@unseen/core';

/**
 * Path of the registered YAML of a name in a folder; a name that is not there is the {@link UserError} that `explain` makes of all
 * that are, with the nearest one.
 */
export async function findRegistered(
  folder: string,
  name: string,
  explain: (names: readonly string[]) => { readonly given: string; readonly expected: string },
): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  if (/^[\w.-]+$/.test(name) && existsSync(path)) return path;
  // A package that was installed by itself has no registry.
  const files = await readdir(folder).catch(() => []);
  const names = files.filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -'.yaml'.length));
  throw new UserError({ ...explain(names), ...didYouMean(name, names) });
}

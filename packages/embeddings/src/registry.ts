import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, UserError } from '@unseen/core';

/**
 * Path of the registered YAML with a name in a folder. An unknown name is a {@link UserError}, which `explain` composes
 * from the known names, with the closest match.
 */
export async function findRegistered(
  folder: string,
  name: string,
  explain: (names: readonly string[]) => { readonly given: string; readonly expected: string },
): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  if (/^[\w.-]+$/.test(name) && existsSync(path)) return path;
  // A package that is installed on its own has no registry.
  const files = await readdir(folder).catch(() => []);
  const names = files.filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -'.yaml'.length));
  throw new UserError({ ...explain(names), ...didYouMean(name, names) });
}

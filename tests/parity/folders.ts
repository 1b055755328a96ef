import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Small fixtures, which are part of the repository. */
export const committedFolder = join(import.meta.dirname, 'fixtures');

/** Where large fixtures are, or a whole other set of the same form. */
export const sharedFolder =
  process.env.UNSEEN_FIXTURES ??
  join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared'), 'fixtures');

const folders = [sharedFolder, committedFolder];

/** The folder that a fixture is taken from: the shared one, else the committed one, else none. */
export function folderOf(fixture: string): string | undefined {
  return folders.find((folder) => namesIn(folder).has(fixture));
}

/** Names of all fixtures that are there. */
export function fixtureNames(): string[] {
  return [...new Set(folders.flatMap((folder) => [...namesIn(folder)]))].sort();
}

/** Names of the fixtures in one folder. A description without tensors is none: another fixture refers to it. */
export function namesIn(folder: string): ReadonlySet<string> {
  const files = new Set(existsSync(folder) ? readdirSync(folder) : []);
  const names = [...files].flatMap((file) => /^(.+)\.safetensors$/.exec(file)?.[1] ?? []);
  return new Set(names.filter((name) => files.has(`${name}.json`)));
}

import { join, resolve } from 'node:path';

/**
 * Folder of downloaded data, which a leading `$UNSEEN_DATA` of a path stands for: the variable of that name, else
 * `$UNSEEN_SHARED/data`, else `../shared/data` beside the project. A relative one is taken from the working directory,
 * wherever the file that names it lies.
 */
export function dataFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { UNSEEN_DATA, UNSEEN_SHARED } = environment;
  return resolve(UNSEEN_DATA ?? join(UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'data'));
}

/** A path in which a leading `$UNSEEN_DATA` stands for the {@link dataFolder}. */
export function expandDataFolder(path: string, environment = process.env): string {
  return path.replace(/^\$UNSEEN_DATA(?=$|\/)/, () => dataFolder(environment));
}

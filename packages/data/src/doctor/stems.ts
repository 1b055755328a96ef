import { relative } from 'node:path';

/** Files of a folder as ids: paths from the folder, with `/`, without suffix. */
export function stemsOf(files: readonly string[], folder: string): Set<string> {
  return new Set(files.map((file) => stemOf(file, folder)));
}

/** A file as an id: its path from the folder, with `/`, without suffix. */
export function stemOf(file: string, folder: string): string {
  return relative(folder, file)
    .replaceAll('\\', '/')
    .replace(/\.[^./]+$/, '');
}

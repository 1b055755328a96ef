import { extname, posix } from 'node:path';
import { findFiles } from '../layouts/find-files.ts';

/** A file name in an annotation with the separators of this system's ids; with `components`, only so many of its last ones. */
export function plainFileName(fileName: string, components?: number): string {
  const name = posix.normalize(fileName.replaceAll('\\', '/'));
  return components === undefined ? name : name.split('/').slice(-components).join('/');
}

/** Id of an image by its file name: the name without suffix. */
export function idOfFileName(fileName: string, components?: number): string {
  const name = plainFileName(fileName, components);
  return name.slice(0, name.length - extname(name).length);
}

/**
 * Files of names in an annotation: as they are written; else with the separators of other systems, or the characters that an
 * address encodes (`%20`). `undefined` where there is none.
 */
export async function findNamedFiles(
  folder: string,
  fileNames: readonly string[],
  components?: number,
): Promise<(string | undefined)[]> {
  const plain = fileNames.map((name) => plainFileName(name, components));
  const forms = [components === undefined ? fileNames : plain, plain, plain.map(decoded)];
  const paths = new Array<string | undefined>(fileNames.length).fill(undefined);
  for (const names of forms) {
    const open = paths.flatMap((path, i) => (path === undefined ? [i] : []));
    if (open.length === 0) break;
    const found = await findFiles(
      folder,
      open.map((i) => names[i]),
      [''],
    );
    open.forEach((i, k) => {
      paths[i] = found[k];
    });
  }
  return paths;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

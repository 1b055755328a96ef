import { extname, posix } from 'node:path';
import { IMAGE_TYPES, suffixOf } from '../file-types.ts';
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
 * address encodes (`%20`); else with the suffix in another letter case. `undefined` where there is none.
 */
export async function findNamedFiles(
  folder: string,
  fileNames: readonly string[],
  components?: number,
): Promise<(string | undefined)[]> {
  const plain = fileNames.map((name) => plainFileName(name, components));
  const forms = [components === undefined ? fileNames : plain, plain, plain.map(decoded)];
  const paths = new Array<string | undefined>(fileNames.length).fill(undefined);
  const missing = () => paths.flatMap((path, i) => (path === undefined ? [i] : []));
  for (const names of forms) {
    const open = missing();
    if (open.length === 0) return paths;
    const found = await findFiles(
      folder,
      open.map((i) => names[i]),
      [''],
    );
    open.forEach((i, k) => {
      paths[i] = found[k];
    });
  }
  for (const type of IMAGE_TYPES) {
    const open = missing().filter((i) => suffixOf(plain[i], [type]) !== undefined);
    if (open.length === 0) continue;
    const stems = open.map((i) => decoded(plain[i]).slice(0, -type.length));
    const found = await findFiles(folder, stems, [type]);
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

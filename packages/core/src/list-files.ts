import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { explainFileError } from './files.ts';

/** What systems and tools put beside people's files, besides hidden files. */
const SIDE_FILES = /^(__macosx|thumbs\.db|ehthumbs\.db|desktop\.ini|@eadir)$/i;

/** Whether a name is that of a hidden file or folder, or of one that a system or a tool has put beside others. */
export function isSideFile(name: string): boolean {
  return name.startsWith('.') || SIDE_FILES.test(name);
}

/**
 * The files in a folder, and with `deep` those below it, as paths from it with `/`, sorted. Files for which {@link isSideFile}
 * holds are left out, and so is what lies in such folders. A folder that cannot be read is a {@link UserError}.
 */
export async function listFiles(folder: string, { deep = false }: { readonly deep?: boolean } = {}): Promise<string[]> {
  const entries = await readdir(folder, { recursive: deep, withFileTypes: true }).catch((error) => {
    throw explainFileError(error, folder);
  });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name, parentPath }) => relative(folder, join(parentPath, name)).split(sep))
    .filter((parts) => !parts.some(isSideFile))
    .map((parts) => parts.join('/'))
    .sort();
}

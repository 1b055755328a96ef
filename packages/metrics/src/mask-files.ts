import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { explainFileError, UserError } from '@unseen/core';

/**
 * Paths of the mask files directly in a folder, sorted by name. Hidden files and sub-folders are skipped; a folder
 * without a mask is a {@link UserError}.
 */
export async function listMasks(folder: string, extensions: readonly string[] = ['.png']): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw explainFileError(error, folder);
  });
  const masks = entries
    .filter((e) => !e.isDirectory() && !e.name.startsWith('.') && extensions.includes(extname(e.name).toLowerCase()))
    .map(({ name }) => join(folder, name));
  if (masks.length === 0) {
    throw new UserError({
      given: `${folder} has no masks`,
      expected: `files that end in ${extensions.join(', ')}`,
      remedy: 'name the folder that directly contains the masks',
    });
  }
  return masks.sort();
}

import { type FilePlaces, findFiles } from './find-files.ts';
import { idOfPath } from './id-list.ts';

/** What makes the most lines of a list name an image, of what was tried; `undefined` if nothing does. */
export async function adviseOnPaths(missing: readonly string[], image: FilePlaces): Promise<string | undefined> {
  const count = async (idOf: (id: string) => string) =>
    (await findFiles(image.folder, missing.map(idOf), image.suffixes)).filter((path) => path !== undefined).length;
  let best = { advice: '', found: 0 };
  const consider = (advice: string, found: number) => {
    if (found > best.found) best = { advice, found };
  };
  for (const components of [1, 2, 3]) {
    const setting = `set lists: {entries: paths, components: ${components}}`;
    consider(setting, await count((id) => idOfPath(id, components, image.suffixes)));
  }
  consider('keep only the first column of the list', await count((id) => id.split(/\s/)[0]));
  if (best.found === 0) return undefined;
  const of = `${best.found.toLocaleString('en')} of these ${missing.length.toLocaleString('en')}`;
  return `${best.advice}, by which ${of} are found`;
}

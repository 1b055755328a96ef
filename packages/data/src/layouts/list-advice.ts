import { type FilePlaces, findFiles } from './find-files.ts';
import { idOfPath } from './id-list.ts';

/** The setting by which the most lines that are paths name an image; `undefined` if none does. */
export async function adviseOnPaths(missing: readonly string[], image: FilePlaces): Promise<string | undefined> {
  let best = { components: 0, found: 0 };
  for (const components of [1, 2, 3]) {
    const ids = missing.map((id) => idOfPath(id, components, image.suffixes));
    const found = (await findFiles(image.folder, ids, image.suffixes)).filter((path) => path !== undefined).length;
    if (found > best.found) best = { components, found };
  }
  if (best.found === 0) return undefined;
  const count = `${best.found.toLocaleString('en')} of these ${missing.length.toLocaleString('en')}`;
  return `set lists: {entries: paths, components: ${best.components}}, by which ${count} are found`;
}

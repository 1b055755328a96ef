import { join, relative, sep } from 'node:path';
import { listFiles } from '@unseen/core';
import { IMAGE_TYPES, suffixOf } from '../file-types.ts';
import type { Subset } from '../layouts/listing.ts';
import { plainFileName } from './image-names.ts';

/** Where the images of an annotation file are looked for. */
export interface ImagePlaces {
  /** Folder of the dataset. */
  readonly root: string;
  /** Folder of the images. */
  readonly folder: string;
  readonly subset: Subset;
  /** The files that there are for the names in another folder, or by so many of their last components. */
  readonly find: (folder: string, components: number | undefined) => Promise<readonly (string | undefined)[]>;
}

/** Settings that may help: a folder, from the dataset's one, and the components that count; all if absent. */
interface Change {
  readonly folder: string;
  readonly components?: number;
}

const MOST_COMPONENTS = 3;
/** Changes that are tried out. */
const MOST_CHANGES = 4;

/**
 * The settings with which most of those images are found that have no file under their names in an annotation, counted by trying
 * them out. `undefined` if none helps.
 */
export async function adviseOnNames(
  names: readonly string[],
  { root, folder, subset, find }: ImagePlaces,
): Promise<string | undefined> {
  if (names.length === 0) return undefined;
  const current = relative(root, folder).split(sep).join('/') || '.';
  let best: { readonly change: Change; readonly count: number } | undefined;
  for (const change of await likelyChanges(names, root, current)) {
    const paths = await find(join(root, change.folder), change.components);
    const count = paths.filter((path) => path !== undefined).length;
    if (count > (best?.count ?? 0)) best = { change, count };
  }
  if (!best) return undefined;
  const { change, count } = best;
  const settings = [
    ...(change.folder === current ? [] : [`images.${subset} to '${change.folder}'`]),
    ...(change.components === undefined ? [] : [`lists: {entries: paths, components: ${change.components}}`]),
  ];
  return `set ${settings.join(' and ')}, by which ${counted(count)} of these ${counted(names.length)} are found`;
}

/** Changes that bring names and files below the dataset's folder together, those for most names first. */
async function likelyChanges(names: readonly string[], root: string, current: string): Promise<Change[]> {
  const byBase = await imagesByBase(root);
  const votes = new Map<string, number>();
  for (const name of names) {
    const parts = stemOf(plainFileName(name)).split('/');
    const fitting = new Set<string>();
    for (const stem of byBase.get(plain(parts[parts.length - 1])) ?? []) {
      const folders = stem.split('/');
      for (let n = 1; n <= Math.min(parts.length, MOST_COMPONENTS); n++) {
        if (plain(parts[parts.length - n]) !== folders[folders.length - n]) break;
        const folder = folders.slice(0, -n).join('/') || '.';
        fitting.add(JSON.stringify({ folder, ...(n < parts.length && { components: n }) }));
      }
    }
    for (const change of fitting) votes.set(change, (votes.get(change) ?? 0) + 1);
  }
  const changed = ({ folder, components }: Change) => Number(folder !== current) + Number(components !== undefined);
  return [...votes]
    .map(([text, count]) => ({ change: JSON.parse(text) as Change, count }))
    .filter(({ change }) => changed(change) > 0)
    .sort((a, b) => b.count - a.count || changed(a.change) - changed(b.change))
    .slice(0, MOST_CHANGES)
    .map(({ change }) => change);
}

/** Images below a folder, from there and without suffix, by their names without folder. */
async function imagesByBase(root: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const files = await listFiles(root, { deep: true }).catch(() => []);
  const byBase = new Map<string, string[]>();
  for (const file of files) {
    if (suffixOf(file, IMAGE_TYPES) === undefined) continue;
    const stem = stemOf(plain(file));
    const base = stem.slice(stem.lastIndexOf('/') + 1);
    const stems = byBase.get(base);
    if (stems) stems.push(stem);
    else byBase.set(base, [stem]);
  }
  return byBase;
}

function stemOf(name: string): string {
  return name.slice(0, name.length - (suffixOf(name, IMAGE_TYPES) ?? '').length);
}

function counted(count: number): string {
  return count.toLocaleString('en');
}

/** A name as it is compared: the reader knows encoded characters, too. */
function plain(name: string): string {
  try {
    return decodeURIComponent(name).normalize('NFC');
  } catch {
    return name.normalize('NFC');
  }
}

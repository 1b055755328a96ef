import { dirname, extname, join, resolve } from 'node:path';
import { readText } from '@unseen/core';
import { expandDataFolder, readNpyText } from '@unseen/formats';
import type { DatasetFile } from '../dataset-file.ts';
import { IMAGE_TYPES, suffixOf as typeOf } from '../file-types.ts';

/** A line of a list of images. */
export interface ListLine {
  readonly id: string;
  /** From 1. */
  readonly line: number;
}

/** What the lines of a list are. */
export interface ListOptions {
  /** With `paths`, the id is the last components of the path without its suffix. */
  readonly entries?: 'ids' | 'paths';
  readonly components?: number;
  /** Suffixes that are removed besides those of images. */
  readonly suffixes?: readonly string[];
}

/** Path of a list, which lies beside the dataset's YAML, or with the data (`$ROOT/…`, `$UNSEEN_DATA/…`). */
export function listPath({ path, root }: DatasetFile, list: string): string {
  if (list.startsWith('$ROOT/')) return join(root, list.slice('$ROOT/'.length));
  return resolve(dirname(path), expandDataFolder(list));
}

/** The lines of a list file (text, or the strings of a `.npy`), one image each, without blank ones; repeated ones stay. */
export async function readIdList(path: string, options: ListOptions = {}): Promise<ListLine[]> {
  const { entries = 'ids', components = 1, suffixes = [] } = options;
  const idOf = (text: string) => (entries === 'ids' ? text : idOfPath(text, components, suffixes));
  return (await readLines(path))
    .map((text, index) => ({ text: unquoted(text.trim()), line: index + 1 }))
    .filter(({ text }) => text !== '')
    .map(({ text, line }) => ({ id: idOf(text), line }));
}

async function readLines(path: string): Promise<string[]> {
  if (extname(path) === '.npy') return readNpyText(path);
  return (await readText(path)).split(/\r\n|\n|\r/);
}

/** Text without the double quotes that some tools put around names with blanks. */
function unquoted(text: string): string {
  return /^".*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"').trim() : text;
}

/** Id in a path, possibly of another machine, or in the first of two paths (image and mask). */
export function idOfPath(text: string, components: number, suffixes: readonly string[] = []): string {
  const [first, second, ...more] = text.split(/\s+/);
  const pair = second !== undefined && more.length === 0 && [first, second].every((p) => suffixOf(p, suffixes));
  const path = pair ? first : text;
  const suffix = suffixOf(path, suffixes);
  return path
    .slice(0, path.length - suffix.length)
    .split(/[\\/]+/)
    .slice(-components)
    .join('/');
}

function suffixOf(path: string, suffixes: readonly string[]): string {
  return typeOf(path, [...suffixes, ...IMAGE_TYPES]) ?? '';
}

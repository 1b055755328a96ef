import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { explainFileError } from '@unseen/core';
import { expandDataFolder } from '@unseen/formats';
import type { DatasetFile } from '../dataset-file.ts';

/** A line of a list of images. */
export interface ListLine {
  readonly id: string;
  /** From 1. */
  readonly line: number;
}

/** Path of a list, which lies beside the dataset's YAML or with the data (`$UNSEEN_DATA/…`). */
export function listPath({ path }: DatasetFile, list: string): string {
  return resolve(dirname(path), expandDataFolder(list));
}

/** The lines of a list file, one image each; blank ones are left out, repeated ones stay. */
export async function readIdList(path: string): Promise<ListLine[]> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw explainFileError(error, path);
  });
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ id: line.trim(), line: index + 1 }))
    .filter(({ id }) => id !== '');
}

import { existsSync, statSync } from 'node:fs';
import { UserError } from '@unseen/core';
import type { ClassTable, TableRecipe, VectorSource } from '@unseen/embeddings';
import { textOption, textsOption } from './options.ts';
import type { Terminal } from './terminal.ts';
import { bytesText } from './verbs/features-extract.ts';

/** Options of the verbs that read recipes of class tables. */
export const recipeOptions = {
  source: textsOption('File of a source instead of that of the recipe: fasttext=crawl-300d-2M.vec (repeatable)'),
  data: textOption('data', 'Folder that $UNSEEN_DATA stands for in the recipe'),
} as const;

/** The recipe of that name or path, with files and folder as {@link recipeOptions} say. */
export async function openRecipe(
  nameOrPath: string,
  { source = [], data }: { readonly source?: readonly string[] | undefined; readonly data?: string | undefined },
): Promise<TableRecipe> {
  const { readRecipe, recipePath } = await import('@unseen/embeddings');
  const files = new Map<string, string>();
  for (const pair of source) {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
    if (name === undefined) {
      throw new UserError({ given: `--source ${pair}`, expected: 'a source of the recipe and a file: NAME=FILE' });
    }
    if (files.has(name)) throw new UserError({ given: `--source gives '${name}' two files` });
    files.set(name, file);
  }
  return readRecipe(await recipePath(nameOrPath), {
    files: Object.fromEntries(files),
    ...(data !== undefined && { dataFolder: data }),
  });
}

/** Files from this size on are announced. */
const LARGE_BYTES = 200_000_000;

/** Builds the table of a recipe; tells what takes long. */
export async function buildTable(recipe: TableRecipe, terminal: Terminal): Promise<ClassTable> {
  const { buildClassTable } = await import('@unseen/embeddings');
  requireFiles(recipe);
  const onSource = (source: VectorSource, step: 'read' | 'hash') => {
    const bytes = 'path' in source ? (statSync(source.path, { throwIfNoEntry: false })?.size ?? 0) : 0;
    if (bytes < LARGE_BYTES || !('path' in source)) return;
    const what = step === 'read' ? 'searching' : 'checksum for the provenance of';
    terminal.note(`${what} ${source.path} (${bytesText(bytes)})`);
  };
  return buildClassTable(recipe, { onSource });
}

function requireFiles({ sources }: TableRecipe): void {
  const missing = sources.filter((source) => 'path' in source && !existsSync(source.path));
  if (missing.length === 0) return;
  const files = missing.map((source) => ('path' in source ? `${source.name}: ${source.path}` : ''));
  throw new UserError({
    given: `files of the class table's sources do not exist: ${files.join(', ')}`,
    remedy: `--data names the folder that $UNSEEN_DATA stands for, '--source ${missing[0].name}=FILE' the file itself`,
  });
}

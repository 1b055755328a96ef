import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, resolve, sep, win32 } from 'node:path';
import { UserError } from './errors.ts';

/** What a run may be called: a name that is also one folder. */
export const RUN_NAME = /^(?!\.{1,2}$)[\w.-]{1,200}$/;

/** Whether an absolute path is a folder or below it, by its letters alone. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Whether a relative path stays below the folder that it is taken from, by its letters alone. */
export function isInnerPath(path: string): boolean {
  if (path.includes('\0') || isAbsolute(path) || win32.isAbsolute(path)) return false;
  return !normalize(path.replaceAll('\\', '/')).split(sep).includes('..');
}

/**
 * The absolute path of a file below a folder, for paths that come from a file: whatever leads out of the folder, by
 * `..`, as an absolute path or through a link, is a {@link UserError}. `where` says where the path stands. The file
 * itself may be a link, which removing and renaming do not follow.
 */
export async function resolveInside(root: string, path: string, where: string): Promise<string> {
  const folder = resolve(root);
  const whole = resolve(folder, path);
  const isBelow = !path.includes('\0') && whole !== folder && isInside(whole, folder);
  if (!isBelow) throw leadsOut(path, where, folder);
  const [realFolder, realParent] = [await realPath(folder), await realPath(dirname(whole))];
  if (!isInside(realParent, realFolder)) throw leadsOut(path, where, folder, realParent);
  return whole;
}

/** The path without links, of something that need not be there. */
export async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  return realpath(whole).catch(async () =>
    dirname(whole) === whole ? whole : join(await realPath(dirname(whole)), basename(whole)),
  );
}

function leadsOut(path: string, where: string, folder: string, through?: string): UserError {
  return new UserError({
    given: `${where} is '${path.replaceAll('\0', '\\0')}', which leads out of ${folder}${through ? ` to ${through} through a link` : ''}`,
    expected: 'a path below that folder',
    remedy: through ? 'remove the link' : "write it without '..' and relative to the folder",
  });
}

import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type ErrorParts, UserError } from './errors.ts';
import { removeAbandoned, temporaryPath } from './temporary.ts';

/** Folders in which this process has looked for what killed processes left. */
const cleaned = new Set<string>();

/**
 * Writes a file so that it is either whole or absent: everything goes to a hidden `.*.tmp` beside it, which is then
 * renamed. Folders are made as needed. An interrupted or failed write leaves what was there before; what a process that
 * was killed has left of its own in the folder goes with the first write into it.
 */
export async function writeAtomic(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await requireFile(path);
    await prepareFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw explainFileError(error, path);
  }
}

/** Renaming would put a file in the place of a device, such as /dev/null, where the user may do so. */
async function requireFile(path: string): Promise<void> {
  const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (there === undefined || there.isFile() || there.isDirectory()) return;
  throw new UserError({ given: `${path} is a device`, expected: 'a file', remedy: 'name a file' });
}

/** {@link makeFolder}; the first time in this process, what killed processes have left of their own in it is removed. */
export async function prepareFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  const whole = resolve(folder);
  if (cleaned.has(whole)) return;
  cleaned.add(whole);
  await removeAbandoned(whole);
}

/** Makes a folder and those above it as needed; what prevents it is a {@link UserError}. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new UserError(
        { given: `${path} is a file`, expected: 'a folder', remedy: 'choose another name' },
        { cause: error },
      );
    }
    throw explainFileError(await reasonOf(error, resolve(path)), path);
  }
}

/** Node reports a folder that cannot be made in its parent as one that does not exist: the parent is asked for the reason. */
async function reasonOf(error: unknown, path: string): Promise<unknown> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  let missing = path;
  while (!existsSync(dirname(missing))) missing = dirname(missing);
  return mkdir(missing).then(
    () => error,
    (reason) => reason,
  );
}

/** {@link writeAtomic} for content that is at hand. */
export function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  return writeAtomic(path, async (file) => {
    await file.writeFile(content);
  });
}

/**
 * Puts a file that nobody changes in place (all our writes replace files) at another path too: the same bytes on disk where
 * the file system can, otherwise a copy. What was at the path is replaced.
 */
export function linkOrCopy(source: string, path: string): Promise<void> {
  return replace(path, (temporary) => link(source, temporary).catch(() => copyFile(source, temporary)));
}

/** {@link linkOrCopy}, but always other bytes on disk, which damage to the source leaves alone. */
export function copyAtomic(source: string, path: string): Promise<void> {
  return replace(path, (temporary) => copyFile(source, temporary));
}

async function replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await requireFile(path);
    await prepareFolder(dirname(path));
    await make(temporary);
    await rename(temporary, path);
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    // Where both are the same file already, renaming leaves the temporary name.
    await rm(temporary, { force: true });
  }
}

/** {@link writeFileAtomic} of indented JSON. */
export function writeJsonAtomic(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Opens a file for reading; the caller closes it. What prevents it is a {@link UserError}; so are devices and pipes, which may
 * never begin or end.
 */
export async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe would wait for one who writes.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await file.stat();
    if (stats.isFile() || stats.isDirectory()) return file;
    const what = stats.isFIFO() || stats.isSocket() ? 'pipe' : 'device';
    throw new UserError({ given: `${path} is a ${what}`, expected: 'a file', remedy: 'name a file' });
  } catch (error) {
    await file?.close();
    throw explainFileError(error, path);
  }
}

/** The bytes of a file, as far as {@link openFile} opens it. What prevents reading is a {@link UserError}. */
export async function readBytes(path: string): Promise<Buffer> {
  const file = await openFile(path);
  try {
    return await file.readFile();
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    await file.close();
  }
}

/** {@link readBytes} as text, decoded by {@link decodeText}. */
export async function readText(path: string): Promise<string> {
  return decodeText(await readBytes(path), path);
}

/**
 * The text of a file at `path`: UTF-8, or UTF-16 where it begins with a byte order mark, which is left out. Other encodings
 * are a {@link UserError}.
 */
export function decodeText(bytes: Uint8Array, path: string): string {
  const [first, second] = bytes;
  const wide = { 65534: 'utf-16le', 65279: 'utf-16be' }[(first << 8) | second];
  let problem: unknown;
  try {
    const text = new TextDecoder(wide, { fatal: true }).decode(bytes);
    // UTF-16 without a mark is valid UTF-8, with zeros.
    if (!text.includes('\0')) return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw explainFileError(error, path);
    problem = error;
  }
  throw new UserError(
    {
      given: `${path} is not UTF-8`,
      expected: 'UTF-8, or UTF-16 with a byte order mark',
      remedy: 'save it as UTF-8',
    },
    { cause: problem },
  );
}

type Explanation = Pick<ErrorParts, 'expected' | 'remedy'> & { readonly given: string };

const permission = (path: string): Explanation => ({
  given: `no permission for ${path}`,
  remedy: 'change its permissions or choose another place',
});
const noSpace = (what: string) => (path: string) => ({
  given: `no ${what} left to write ${path}`,
  remedy: 'free some space and resume; nothing was lost',
});
const tooManyFiles = (path: string) => ({
  given: `${path} cannot be opened: too many files are open`,
  remedy: "raise the limit with 'ulimit -n'",
});

const tooLarge = (path: string) => ({
  given: `${path} is too large to be read at once`,
  remedy: 'divide it, or check that it is the file that is meant',
});

const FILE_ERRORS: Record<string, (path: string) => Explanation> = {
  ENOENT: (path) => ({ given: `${path} does not exist`, remedy: 'check the path' }),
  ENOTDIR: (path) => ({ given: `a part of ${path} is a file, not a folder`, remedy: 'check the path' }),
  EISDIR: (path) => ({ given: `${path} is a folder`, remedy: 'name a file' }),
  EEXIST: (path) => ({ given: `${path} exists already`, remedy: 'choose another name' }),
  ENOTEMPTY: (path) => ({ given: `${path} is a folder that is not empty`, remedy: 'choose another name' }),
  ENAMETOOLONG: (path) => ({
    given: `the path ${shortened(path)} is too long for the file system (${Buffer.byteLength(path)} bytes)`,
    remedy: 'use shorter names',
  }),
  ELOOP: (path) => ({ given: `${path} is a symbolic link that leads back to itself`, remedy: 'correct the link' }),
  EACCES: permission,
  EPERM: permission,
  EROFS: (path) => ({ given: `${path} is on a read-only file system`, remedy: 'choose another place' }),
  ENOSPC: noSpace('space'),
  EDQUOT: noSpace('quota'),
  EFBIG: (path) => ({ given: `${path} is too large for the file system`, remedy: 'choose another place' }),
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  EBUSY: (path) => ({ given: `${path} is in use by another program`, remedy: 'close it and try again' }),
  ETXTBSY: (path) => ({ given: `${path} is a program that is running`, remedy: 'choose another name' }),
  EIO: (path) => ({ given: `the drive reports an error for ${path}`, remedy: 'check the drive and its connection' }),
  ESTALE: (path) => ({ given: `${path} is no longer there on its server`, remedy: 'mount the file system again' }),
  ENXIO: (path) => ({ given: `${path} is not a plain file`, remedy: 'name a file' }),
  ENODEV: (path) => ({ given: `${path} is not a plain file`, remedy: 'name a file' }),
  ERR_FS_FILE_TOO_LARGE: tooLarge,
  ERR_STRING_TOO_LONG: tooLarge,
  ESPIPE: (path) => ({ given: `${path} is not a plain file`, remedy: 'name a file' }),
};

/** Turns an error of the file system into a {@link UserError} about `path`; anything else is handed back as it is. */
export function explainFileError(error: unknown, path: string): unknown {
  if (path.includes('\0')) {
    const given = `the path '${path.replaceAll('\0', '\\0')}' has a null character`;
    return new UserError({ given, remedy: 'correct it' }, { cause: error });
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const explain = code === undefined || !Object.hasOwn(FILE_ERRORS, code) ? undefined : FILE_ERRORS[code];
  return explain && !(error instanceof UserError) ? new UserError(explain(path), { cause: error }) : error;
}

function shortened(path: string): string {
  return path.length > 80 ? `${path.slice(0, 40)}…${path.slice(-30)}` : path;
}

/** SHA-256 of some bytes or text, in hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a file, in hex, read in pieces. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of (await openFile(path)).createReadStream()) hash.update(chunk as Buffer);
  } catch (error) {
    throw explainFileError(error, path);
  }
  return hash.digest('hex');
}

/** SHA-256 of a JSON value whose object keys are sorted, so that equal configurations have equal hashes. */
export function hashJson(value: unknown): string {
  return sha256(
    JSON.stringify(value, (_, v) =>
      v && typeof v === 'object' && !Array.isArray(v)
        ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
        : v,
    ),
  );
}

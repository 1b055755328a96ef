import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { download, openFile, UserError } from '@unseen/core';
import type { Converter } from './converter.ts';
import { isArchive } from './extract.ts';
import type { ArchiveSettings, PrepareSettings } from './settings.ts';

/** One source of a dataset, as it was found. */
export interface Source {
  /** The name that the converter knows it by. */
  readonly role: string;
  readonly kind: 'archive' | 'folder' | 'file';
  readonly path: string;
  readonly archive: ArchiveSettings;
  /** Of archives and files. */
  readonly bytes?: number;
  /** The checksum that was found to be right, as `md5 …` or `sha256 …`. */
  readonly verified?: string;
}

/** What is told while sources are looked for. */
export interface SourceEvents {
  readonly signal?: AbortSignal | undefined;
  onDownload?(file: string, bytes: number, total: number | undefined): void;
  onCheck?(file: string, bytes: number, total: number): void;
  onNote?(text: string): void;
}

/** Checksums of files that were found right before, by path, size and date. */
export type KnownChecksums = Map<string, string>;

/** Archives under other names than a converter's, or too few of them, are a {@link UserError}. */
export function requireRoles(
  path: string,
  { converter: name, archives }: PrepareSettings,
  { sources: needs }: Converter,
): void {
  const unknown = Object.keys(archives).filter((role) => !Object.hasOwn(needs, role));
  const missing = Object.keys(needs).filter((role) => !needs[role].optional && !Object.hasOwn(archives, role));
  if (unknown.length === 0 && missing.length === 0) return;
  throw new UserError({
    given: `${path}: 'prepare.archives' has ${Object.keys(archives).join(', ') || 'nothing'}`,
    expected: `${Object.keys(needs).join(', ')} for the converter '${name}'`,
  });
}

/**
 * Finds all sources of a dataset in a folder: unpacked, or as archives, whose sizes and checksums are compared with those
 * of the YAML. All problems are one {@link UserError}.
 */
export async function findSources(
  settings: PrepareSettings,
  converter: Converter,
  from: string,
  options: SourceEvents & { readonly download?: boolean; readonly known?: KnownChecksums } = {},
): Promise<Source[]> {
  const sources: Source[] = [];
  const problems: string[] = [];
  for (const [role, archive] of Object.entries(settings.archives)) {
    const folder = findFolder(archive, converter.sources[role]?.marker, from);
    if (folder !== undefined) {
      sources.push({ role, kind: 'folder', path: folder, archive });
      const packed = archive.nested.filter((name) => !existsSync(join(folder, name.replace(/\.zip$/, ''))));
      problems.push(...packed.map((name) => `${join(folder, name)} is not unpacked: unzip it into ${folder}`));
      continue;
    }
    const path = join(from, archive.file);
    if (!existsSync(path)) {
      const failed = options.download ? await fetchArchive(archive, path, options) : undefined;
      if (failed !== undefined && archive.optional) options.onNote?.(`without ${archive.file}: ${failed}`);
      else if (failed !== undefined) problems.push(failed);
      else if (!archive.optional && !existsSync(path)) problems.push(missing(archive, from, options.download === true));
    }
    if (!existsSync(path)) continue;
    const found = await checkArchive(archive, path, options);
    if (typeof found === 'string') problems.push(found);
    else sources.push({ role, kind: isArchive(archive.file) ? 'archive' : 'file', path, archive, ...found });
  }
  if (problems.length === 0) return sources;
  throw new UserError({
    given: `${from} lacks sources:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    remedy: 'put the official archives there, packed or unpacked',
  });
}

function findFolder({ inside, folders, file }: ArchiveSettings, marker: string | undefined, from: string) {
  if (marker === undefined || !isArchive(file)) return undefined;
  for (const folder of folders ?? [inside]) {
    const parts = folder.split('/').filter((part) => part !== '' && part !== '.');
    for (let i = 0; i <= parts.length; i++) {
      const rest = parts.slice(i);
      // The given folder may be the unpacked one itself, or lie on the way to it.
      if (rest.length === 0 && parts.length > 0 && basename(resolve(from)) !== parts.at(-1)) continue;
      const candidate = join(from, ...rest);
      if (existsSync(join(candidate, marker))) return candidate;
    }
  }
  return undefined;
}

function missing({ file, url, login, folders, inside }: ArchiveSettings, from: string, downloading: boolean): string {
  const unpacked = (folders ?? [inside]).filter((folder) => folder !== '');
  const or = isArchive(file) && unpacked.length > 0 ? ` (or unpacked: ${unpacked.join(' or ')})` : '';
  const there = `${join(from, file)} is missing${or}`;
  if (login !== undefined) {
    const why = downloading ? 'it cannot be downloaded without an account' : 'an account is needed';
    return `${there}: ${why}; log in at ${login} and download it`;
  }
  if (url === undefined) return there;
  return `${there}: ${downloading ? 'download it from' : '--download gets it from'} ${url}`;
}

/** Fetches an archive that has an address; what went wrong, if anything. */
async function fetchArchive(
  archive: ArchiveSettings,
  path: string,
  options: SourceEvents,
): Promise<string | undefined> {
  const { url, file, sha256 } = archive;
  if (url === undefined) return undefined;
  try {
    await download(url, path, {
      ...(sha256 !== undefined && { sha256 }),
      ...(options.signal && { signal: options.signal }),
      remedy: `download ${file} some other way and put it at ${path}`,
      onProgress: (bytes, total) => options.onDownload?.(file, bytes, total ?? archive.bytes),
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || options.signal?.aborted) throw error;
    return error.message;
  }
}

async function checkArchive(
  { bytes: expected, md5, sha256 }: ArchiveSettings,
  path: string,
  { known, signal, onCheck }: SourceEvents & { readonly known?: KnownChecksums },
): Promise<string | { readonly bytes: number; readonly verified?: string }> {
  const { size: bytes, mtimeMs } = await stat(path);
  const remedy = 'delete it and download it again, or unpack it if you trust it';
  if (expected !== undefined && bytes !== expected) return `${path} has ${bytes} bytes, not ${expected}: ${remedy}`;
  const [algorithm, wanted] = sha256 !== undefined ? (['sha256', sha256] as const) : (['md5', md5] as const);
  if (wanted === undefined) return { bytes };
  const key = `${path} ${bytes} ${mtimeMs}`;
  const verified = `${algorithm} ${wanted}`;
  if (known?.get(key) === verified) return { bytes, verified };
  const hash = createHash(algorithm);
  let done = 0;
  for await (const chunk of (await openFile(path)).createReadStream({
    highWaterMark: 1 << 20,
    ...(signal && { signal }),
  })) {
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onCheck?.(path, done, bytes);
  }
  const found = hash.digest('hex');
  if (found !== wanted) return `${path} has the ${algorithm} ${found}, not ${wanted}: ${remedy}`;
  known?.set(key, verified);
  return { bytes, verified };
}

import { existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { messageOf, UserError } from './errors.ts';
import { explainFileError, makeFolder, sha256File, writeJsonAtomic } from './files.ts';
import { readJson } from './json.ts';

/** Options of {@link download}. */
export interface DownloadOptions {
  /** In hex, or its first digits if no more are known. A file with a different checksum is discarded. */
  readonly sha256?: string;
  /** What the user can do if the address cannot be reached, such as fetching the file elsewhere. */
  readonly remedy?: string;
  readonly onProgress?: (bytes: number, total: number | undefined) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Consecutive retries without new data before giving up; each resumes where the last one stopped. Default: 4. */
  readonly retries?: number;
  /** Milliseconds before the first retry; doubled each time. Default: 1000. */
  readonly wait?: number;
}

/** Which version of a file is being downloaded; stored beside `<path>.unseen-part`. */
interface Part {
  readonly url: string;
  /** ETag or date that identifies the version to the server. */
  readonly version: string | null;
}

/**
 * Downloads a file into `<path>.unseen-part` (browsers call theirs `.part`), which a later call resumes, verifies it
 * and renames it. Interrupted transfers are resumed. A wrong checksum, a refusal by the server and an unreachable
 * network are `UserError`s, and leave nothing at `path`.
 */
export async function download(url: string, path: string, options: DownloadOptions = {}): Promise<void> {
  const { retries = 4, wait = 1000, signal, sha256, remedy } = options;
  await makeFolder(dirname(path));
  let most = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      await transfer(url, path, options);
      break;
    } catch (error) {
      if (error instanceof UserError || signal?.aborted) throw error;
      const { size } = await stat(partOf(path)).catch(() => ({ size: 0 }));
      if (size > most) attempt = 0;
      most = Math.max(most, size);
      if (attempt >= retries) {
        throw new UserError(
          {
            given: `${url} cannot be fetched (${reasonOf(error)})`,
            remedy: remedy ?? 'check the network and try again',
          },
          { cause: error },
        );
      }
      await setTimeout(wait * 2 ** attempt, undefined, { ...(signal && { signal }) });
    }
  }
  const part = partOf(path);
  if (sha256 !== undefined) await requireHash(part, sha256, url);
  await rename(part, path).catch((error) => {
    throw explainFileError(error, path);
  });
  await rm(recordOf(path), { force: true });
}

async function transfer(url: string, path: string, { signal, onProgress }: DownloadOptions): Promise<void> {
  const part = partOf(path);
  const known = await readPart(path, url);
  const start = known ? (await stat(part)).size : 0;
  const response = await fetch(url, {
    ...(signal && { signal }),
    // A compressed body could not be resumed.
    headers: {
      'Accept-Encoding': 'identity',
      ...(known?.version && start > 0 ? { Range: `bytes=${start}-`, 'If-Range': known.version } : {}),
    },
  });
  const isRest = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${start}-`);
  if (response.status === 416 || (response.status === 206 && !isRest)) {
    await rm(part, { force: true });
    throw new Error(`the server answered ${response.status} to a request for the rest`);
  }
  if (!response.ok || !response.body) return refuse(url, response);
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const from = isRest ? start : 0;
  const total = Number.isNaN(length) ? undefined : from + length;
  const version = response.headers.get('etag') ?? response.headers.get('last-modified');
  await writeJsonAtomic(recordOf(path), { url, version } satisfies Part);
  let bytes = from;
  const file = await open(part, isRest ? 'a' : 'w');
  try {
    // Each piece is on disk before the next one arrives, so an interrupted transfer loses nothing.
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      await file.appendFile(chunk);
      bytes += chunk.length;
      await onProgress?.(bytes, total);
    }
  } finally {
    await file.close();
  }
  if (total !== undefined && bytes !== total) throw new Error(`only ${bytes} of ${total} bytes arrived`);
}

/** A refusal is final, unless the server is merely busy. */
async function refuse(url: string, response: Response): Promise<never> {
  await response.body?.cancel();
  const answer = `${response.status} ${response.statusText}`.trim();
  if (response.status >= 500 || response.status === 429) throw new Error(`the server answered ${answer}`);
  throw new UserError({
    given: `${url}: the server answered ${answer}`,
    remedy: 'the address may have changed; download the file yourself and pass its path instead',
  });
}

async function requireHash(part: string, wanted: string, url: string): Promise<void> {
  const found = await sha256File(part);
  if (found.startsWith(wanted)) return;
  await rm(part, { force: true });
  throw new UserError({
    given: `the file from ${url} has sha256 ${found}`,
    expected: wanted,
    remedy: 'the file was discarded; try again, and do not trust the source if it happens twice',
  });
}

async function readPart(path: string, url: string): Promise<Part | undefined> {
  if (!existsSync(partOf(path)) || !existsSync(recordOf(path))) return undefined;
  const record = (await readJson(recordOf(path)).catch(() => undefined)) as Partial<Part> | undefined;
  return record?.url === url ? { url, version: record.version ?? null } : undefined;
}

const partOf = (path: string) => `${path}.unseen-part`;
const recordOf = (path: string) => `${path}.unseen-part.json`;

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | undefined)?.cause;
  const code = (cause as { code?: string } | undefined)?.code;
  return code ?? messageOf(cause ?? error);
}

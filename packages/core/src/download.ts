import { existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { messageOf, UserError } from './errors.ts';
import { explainFileError, makeFolder, readJson, sha256File, writeJsonAtomic } from './files.ts';

/** What {@link download} is told of a file. */
export interface DownloadOptions {
  /** In hex, or its first digits where no more are known; a file with another one is thrown away. */
  readonly sha256?: string;
  /** What a user can do where the address cannot be reached, such as fetching the file elsewhere. */
  readonly remedy?: string;
  readonly onProgress?: (bytes: number, total: number | undefined) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Further attempts in a row that bring nothing new after a broken transfer, each from where the last one broke off. Default: 4. */
  readonly retries?: number;
  /** Milliseconds before the first further attempt; doubled each time. Default: 1000. */
  readonly wait?: number;
}

/** How much of which version of a file has come: stands beside `<path>.unseen-part`. */
interface Part {
  readonly url: string;
  /** ETag or date by which the server knows the version. */
  readonly version: string | null;
}

/**
 * Fetches a file by HTTP: into `<path>.unseen-part` (browsers call theirs `.part`), which a later call goes on with, then
 * checked and renamed. A broken transfer is taken up again; a wrong checksum, a refusing server and a network that is not
 * there are `UserError`s, and nothing stands at `path` then.
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
    // A body that the client unpacks could not be taken up again.
    headers: {
      'Accept-Encoding': 'identity',
      ...(known?.version && start > 0 ? { Range: `bytes=${start}-`, 'If-Range': known.version } : {}),
    },
  });
  const isRest = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${start}-`);
  if (response.status === 416 || (response.status === 206 && !isRest)) {
    await rm(part, { force: true });
    throw new Error(`the server answers ${response.status} to a request for the rest`);
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
    // Each piece is on disk before the next one is waited for, so that a broken transfer loses none.
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      await file.appendFile(chunk);
      bytes += chunk.length;
      await onProgress?.(bytes, total);
    }
  } finally {
    await file.close();
  }
  if (total !== undefined && bytes !== total) throw new Error(`${bytes} of ${total} bytes have come`);
}

/** A server that says no will say no again, unless it is only busy. */
async function refuse(url: string, response: Response): Promise<never> {
  await response.body?.cancel();
  const answer = `${response.status} ${response.statusText}`.trim();
  if (response.status >= 500 || response.status === 429) throw new Error(`the server answers ${answer}`);
  throw new UserError({
    given: `${url}: the server answers ${answer}`,
    remedy: 'the address may have moved; fetch the file by hand and name its path instead',
  });
}

async function requireHash(part: string, wanted: string, url: string): Promise<void> {
  const found = await sha256File(part);
  if (found.startsWith(wanted)) return;
  await rm(part, { force: true });
  throw new UserError({
    given: `what came from ${url} has sha256 ${found}`,
    expected: wanted,
    remedy: 'it was thrown away; try again, and mistrust the source if the same happens',
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

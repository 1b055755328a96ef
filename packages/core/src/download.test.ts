import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { type DownloadOptions, download } from './download.ts';

const CONTENT = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251));
const HASH = createHash('sha256').update(CONTENT).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let folder: string;
let path: string;
let requests: { range?: string | undefined }[];
let handle: Handler;

beforeEach(async () => {
  folder = temporaryFolder();
  path = join(folder, 'deep', 'file.bin');
  requests = [];
  server = createServer((request, response) => {
    requests.push({ range: request.headers.range });
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const get = (options: DownloadOptions = {}) =>
  download(`http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`, path, { wait: 1, ...options });

/** Serves the file, or what a range asks for; breaks off after `bytes` of each answer. */
const serving =
  ({ content = CONTENT, tag = '"1"', bytes = Number.POSITIVE_INFINITY, ranges = true } = {}): Handler =>
  (request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const isRest = range && ranges && request.headers['if-range'] === tag;
    const start = isRest ? Number(range[1]) : 0;
    const rest = content.subarray(start);
    response.writeHead(isRest ? 206 : 200, {
      'content-length': rest.length,
      etag: tag,
      ...(isRest && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    response.write(rest.subarray(0, bytes));
    if (rest.length <= bytes) response.end();
    else void stored(start + bytes).then(() => response.destroy());
  };

/** What was sent before a breakdown has arrived: a connection that is cut earlier takes it along. */
async function stored(bytes: number): Promise<void> {
  const part = `${path}.unseen-part`;
  while (existsSync(folder) && (await stat(part).catch(() => undefined))?.size !== bytes) await setTimeout(2);
}

test('a file comes whole, with progress, and leaves nothing beside it', async () => {
  handle = serving();
  const seen: (number | undefined)[] = [];
  await get({ sha256: HASH, onProgress: (bytes, total) => void seen.push(bytes, total) });
  expect((await readFile(path)).equals(CONTENT)).toBe(true);
  expect(await readdir(join(folder, 'deep'))).toEqual(['file.bin']);
  expect(seen.slice(-2)).toEqual([CONTENT.length, CONTENT.length]);
});

test('a transfer that breaks off again and again is taken up where it broke', async () => {
  handle = serving({ bytes: 30_000 });
  await get({ sha256: HASH });
  expect((await readFile(path)).equals(CONTENT)).toBe(true);
  expect(requests.length).toBeGreaterThan(2);
  expect(requests.slice(1).every(({ range }) => range !== undefined)).toBe(true);
});

test('a later call goes on with what an earlier one has left', async () => {
  handle = serving({ bytes: 30_000 });
  await expect(get({ retries: 0, remedy: 'carry it here' })).rejects.toThrow('carry it here');
  handle = serving();
  await get({ sha256: HASH });
  expect(requests).toHaveLength(2);
  expect(requests[1].range).toMatch(/^bytes=[1-9]\d*-$/);
});

test('a file that changed meanwhile and a server without ranges are begun anew', async () => {
  handle = serving({ content: Buffer.alloc(100_000), tag: '"0"', bytes: 30_000 });
  await get({ retries: 0 }).catch(() => {});
  handle = serving();
  await get({ sha256: HASH });
  await rm(path);
  handle = serving({ bytes: 30_000 });
  await get({ retries: 0 }).catch(() => {});
  handle = serving({ ranges: false });
  await get({ sha256: HASH });
  expect((await readFile(path)).equals(CONTENT)).toBe(true);
});

test('a wrong checksum throws the file away and leaves an older one alone', async () => {
  handle = serving({ content: Buffer.from('another') });
  await get({ sha256: createHash('sha256').update('another').digest('hex') });
  handle = serving();
  await expect(get({ sha256: '0'.repeat(64) })).rejects.toThrow(`has sha256 ${HASH}; expected 000`);
  expect(await readFile(path, 'utf8')).toBe('another');
  expect((await readdir(join(folder, 'deep'))).filter((name) => name.endsWith('part'))).toEqual([]);
});

test('the first digits of a checksum are checked where no more are known', async () => {
  handle = serving();
  await get({ sha256: HASH.slice(0, 8) });
  expect((await readFile(path)).equals(CONTENT)).toBe(true);
  await rm(path);
  await expect(get({ sha256: '01234567' })).rejects.toThrow(`has sha256 ${HASH}; expected 01234567`);
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});

test('a missing file is told at once, a busy server is asked again', async () => {
  handle = (_, response) => response.writeHead(404, 'Not Found').end();
  await expect(get()).rejects.toThrow('the server answered 404 Not Found');
  expect(requests).toHaveLength(1);
  let busy = 2;
  handle = (request, response) => (busy-- > 0 ? response.writeHead(503).end() : serving()(request, response));
  await get({ sha256: HASH });
  expect(requests).toHaveLength(4);
});

test('no network: one sentence with what to do', async () => {
  const refused = download('http://127.0.0.1:1/file.bin', path, { retries: 1, wait: 1, remedy: 'copy the file here' });
  await expect(refused).rejects.toThrow(/127\.0\.0\.1:1\/file\.bin cannot be fetched \(.+\); copy the file here/);
});

test('a user who interrupts keeps what has come', async () => {
  handle = serving({ bytes: 50_000 });
  const interrupt = new AbortController();
  await expect(get({ signal: interrupt.signal, onProgress: () => interrupt.abort(), retries: 9 })).rejects.toThrow();
  expect(await readdir(join(folder, 'deep'))).toContain('file.bin.unseen-part');
  await writeFile(join(folder, 'deep', 'file.bin.unseen-part.json'), 'not JSON');
  handle = serving();
  await get({ sha256: HASH });
});

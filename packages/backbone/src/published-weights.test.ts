import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { sha256 } from '@unseen/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import {
  cacheFolder,
  fetchWeights,
  findPublishedWeights,
  type PublishedWeights,
  publishedWeights,
} from './published-weights.ts';
import { backbones } from './registry.ts';

const CONTENT = Buffer.alloc(50_000, 'weights');

let server: Server;
let folder: string;
let address: string;
/** What the server sends, and how much of it before it breaks off. */
let sends: { content: Buffer; breakAfter?: number };
let requests: (string | undefined)[];

beforeEach(async () => {
  folder = temporaryFolder();
  sends = { content: CONTENT };
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.headers.range);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const { content, breakAfter = content.length } = sends;
    const rest = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      etag: '"1"',
      ...(start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    response.write(rest.subarray(0, breakAfter), () =>
      rest.length > breakAfter ? setTimeout(() => response.destroy(), 100) : response.end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/net-0123.pth`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const entry = (changes: Partial<PublishedWeights> = {}): PublishedWeights => ({
  name: 'net.somewhere',
  backbone: 'test_vgg.micro',
  source: address,
  format: 'torch',
  sha256: sha256(CONTENT).slice(0, 8),
  licence: 'MIT',
  paper: 'none',
  ...changes,
});
const fetched = (changes: Partial<PublishedWeights> = {}, url?: string) =>
  fetchWeights(entry(changes), { folder, retries: 0, wait: 1, ...(url !== undefined && { url }) });

test('a file is fetched once, into the cache', async () => {
  const path = await fetched();
  expect(path).toBe(join(folder, 'weights/net-0123.pth'));
  expect((await readFile(path)).equals(CONTENT)).toBe(true);
  expect(await fetched()).toBe(path);
  expect(requests).toHaveLength(1);
});

test('what lies in the cache is checked; a damaged file is fetched anew', async () => {
  const path = await fetched();
  await writeFile(path, CONTENT.subarray(1));
  await fetched();
  expect((await readFile(path)).equals(CONTENT)).toBe(true);
  expect(requests).toHaveLength(2);
});

test('a broken transfer goes on at the next call', async () => {
  sends = { content: CONTENT, breakAfter: 20_000 };
  await expect(fetched()).rejects.toThrow(
    /cannot be fetched.*without a network: download .*net-0123\.pth on another machine.*weights import FILE/,
  );
  sends = { content: CONTENT };
  expect((await readFile(await fetched())).equals(CONTENT)).toBe(true);
  expect(requests).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
});

test('another file than the one that is known is refused, from a mirror too', async () => {
  sends = { content: Buffer.from('something else') };
  const known = entry().sha256;
  await expect(fetched()).rejects.toThrow(`has sha256 ${sha256('something else')}; expected ${known}`);
  await expect(fetched({ source: 'http://127.0.0.1:1/net-0123.pth' }, address)).rejects.toThrow(`expected ${known}`);
  sends = { content: CONTENT };
  const path = await fetched({ source: 'http://127.0.0.1:1/other.pth' }, address);
  expect(path).toBe(join(folder, 'weights/other.pth'));
});

test('without a checksum a file from another address is kept apart', async () => {
  const unknown = ({ sha256: _, ...rest }: PublishedWeights) => rest;
  const from = (url?: string) =>
    fetchWeights(unknown(entry()), { folder, retries: 0, wait: 1, ...(url !== undefined && { url }) });
  const own = await from();
  sends = { content: Buffer.from('something else') };
  const other = await from(`${address}?mirror`);
  expect(other).not.toBe(own);
  expect((await readFile(own)).equals(CONTENT)).toBe(true);
  expect((await readFile(other)).toString()).toBe('something else');
});

test('no network, and addresses that are none', async () => {
  await expect(fetched({ source: 'http://127.0.0.1:1/net.pth' })).rejects.toThrow(
    /127\.0\.0\.1:1\/net\.pth cannot be fetched \(.+\); without a network: .* or put it at .*weights\/net\.pth/,
  );
  await expect(fetched({}, 'file:///etc/passwd')).rejects.toThrow('starts with http:// or https://');
  await expect(fetched({}, 'nowhere')).rejects.toThrow("the address 'nowhere'");
});

test('what is known to be gone is said to be, with what to do', async () => {
  await expect(fetchWeights(findPublishedWeights('cagnet.voc12_ourbest'), { folder })).rejects.toThrow(
    /cannot be downloaded.*no longer responds.*BaiduNetDisk.*voc12_ourbest\.pth.*import the file/,
  );
  await expect(fetchWeights(findPublishedWeights('resnet101.caffe_in1k'), { folder })).rejects.toThrow(
    /\.caffemodel.*convert/,
  );
  expect(() => findPublishedWeights('resnet50.tv_in2k')).toThrow("did you mean 'resnet50.tv_in1k'?");
});

test('the table: registered backbones, addresses of files, the checksums that torchvision has in its names', () => {
  for (const { backbone, source, format, sha256: known, unavailable } of Object.values(publishedWeights())) {
    expect(backbones).toHaveProperty([backbone]);
    expect(new URL(source).protocol).toBe('https:');
    if (unavailable === undefined) expect(source).toMatch(/\.(pth|h5)$/);
    if (format === 'torch' && unavailable === undefined) expect(source).toMatch(new RegExp(`-${known}\\.pth$`));
  }
  const names = ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'vgg16'].map((name) => `${name}.tv_in1k`);
  expect(Object.keys(publishedWeights())).toEqual(expect.arrayContaining(names));
});

test('the cache is where the environment says', () => {
  const before = process.env.UNSEEN_CACHE;
  process.env.UNSEEN_CACHE = '/elsewhere';
  expect(cacheFolder()).toBe('/elsewhere');
  delete process.env.UNSEEN_CACHE;
  expect(cacheFolder()).toMatch(/\.cache\/unseen$/);
  if (before !== undefined) process.env.UNSEEN_CACHE = before;
});

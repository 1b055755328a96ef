import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SeedTree } from '@unseen/core';
import { openDataset, prepareDataset, toyAttributes } from '@unseen/data';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  devkitFiles,
  type Scene,
  scenesOf,
  writeTar,
} from '../../packages/data/src/prepare/official-archives.suite.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let folder: string;
let server: Server;
let scenes: Scene[];
let archive: Buffer;
/** Ranges that were asked for. */
let ranges: (string | undefined)[];
/** Bytes after which the connection is cut, for each request. */
let cuts: number[];
let missing: readonly string[];

beforeEach(async () => {
  folder = temporaryFolder();
  scenes = await scenesOf(toyAttributes({ seeds: new SeedTree(0), train: 3, val: 1 }).train, (i) => `image${i}`);
  const ids = scenes.map(({ id }) => id);
  const lists = { 'Segmentation/train': ids.slice(0, 2), 'Segmentation/val': ids.slice(2) };
  await writeTar(join(folder, 'served.tar'), devkitFiles('VOC2007', scenes, { lists, masks: ids }));
  archive = await readFile(join(folder, 'served.tar'));
  [ranges, cuts, missing] = [[], [], ['/test.tar']];
  server = createServer((request, response) => {
    if (missing.includes(request.url ?? '')) {
      response.writeHead(404).end();
      return;
    }
    ranges.push(request.headers.range);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = archive.subarray(start);
    const cut = cuts.shift() ?? rest.length;
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      etag: '"1"',
      ...(start > 0 && { 'content-range': `bytes ${start}-${archive.length - 1}/${archive.length}` }),
    });
    response.write(rest.subarray(0, cut));
    if (cut === rest.length) response.end();
    else void cutWhenStored(cut).then(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
/** What was sent before the connection is cut has arrived. */
async function cutWhenStored(bytes: number): Promise<void> {
  const part = join(folder, 'archives/voc.tar.unseen-part');
  while ((await stat(part).catch(() => undefined))?.size !== bytes) await setTimeout(10);
}
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function prepare(checks: string) {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const path = join(folder, 'toy.yaml');
  await writeFile(
    path,
    `name: toy
layout: voc
root: $UNSEEN_DATA/toy
prepare:
  converter: voc
  archives:
    trainval: {file: voc.tar, inside: VOC2007, url: '${address}/voc.tar', ${checks}}
    test: {file: test.tar, inside: VOC2007, url: '${address}/test.tar', optional: true}
classes:
${Array.from({ length: 21 }, (_, id) => `  - {id: ${id}, name: class${id}}`).join('\n')}
`,
  );
  const notes: string[] = [];
  const progress = { stage: () => undefined, update: () => undefined, note: (text: string) => notes.push(text) };
  const to = join(folder, 'data');
  const prepared = await prepareDataset(path, { from: join(folder, 'archives'), to, download: true, progress });
  return { prepared, notes, open: () => openDataset(path, { root: prepared.root }) };
}

const hash = (algorithm: string) => createHash(algorithm).update(archive).digest('hex');

test('a download that was cut goes on from there, and is prepared; what is optional may be missing', async () => {
  cuts = [10_000];
  const { prepared, notes, open } = await prepare(`bytes: ${archive.length}, sha256: ${hash('sha256')}`);
  expect(ranges).toEqual([undefined, 'bytes=10000-']);
  expect(prepared.sources).toEqual([
    {
      ...{ role: 'trainval', kind: 'archive', file: 'voc.tar', bytes: archive.length },
      verified: `sha256 ${hash('sha256')}`,
    },
  ]);
  expect(notes.join('\n')).toMatch(/without test.tar: .*404/);
  const { train, val } = await open();
  for (const [i, sample] of [...train, ...val].entries()) {
    expect([...(await sample.mask!()).data]).toEqual([...scenes[i].mask.data]);
  }
});

test.each([
  ['another size', () => `bytes: ${archive.length + 1}`, /voc.tar has \d+ bytes, not \d+/],
  ['another MD5', () => `md5: ${hash('sha1').slice(0, 30)}ff`, /voc.tar has the md5 .*, not/],
  ['another SHA-256', () => `sha256: ${hash('sha512').slice(0, 62)}ff`, /has sha256 .*the file was discarded/],
])('%s is refused, and nothing is made of it', async (_, checks, message) => {
  await expect(prepare(checks())).rejects.toThrow(message);
  await expect(stat(join(folder, 'data'))).rejects.toThrow('ENOENT');
});

test('an archive that the server does not have is named with its address', async () => {
  missing = ['/voc.tar', '/test.tar'];
  await expect(prepare(`md5: ${hash('md5')}`)).rejects.toThrow(/voc.tar: the server answered 404/);
});

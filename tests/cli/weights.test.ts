import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { sha256File } from '@unseen/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure, unseenJson } from '../helpers/command.ts';
import { writeSmallExperiment } from '../helpers/small-experiment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const CHECKPOINT = join(import.meta.dirname, '../../packages/backbone/test-data/torch-resnet.pth.tar');
const SHARED = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared');
const MOBILENET = join(SHARED, 'data/weights/mobilenet_v1_025_imagenet/mobilenet_2_5_224_tf_no_top.h5');
if (!existsSync(MOBILENET)) process.stderr.write(`no published weights under ${SHARED}: a test is skipped\n`);

/** Serves the published weights; breaks the first transfer off in the middle. */
let server: Server;
let address: string;
let requests = 0;
beforeAll(async () => {
  const content = existsSync(MOBILENET) ? await readFile(MOBILENET) : Buffer.from('none');
  server = createServer((request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = content.subarray(start);
    const isFirst = requests++ === 0;
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      etag: '"1"',
      ...(start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    response.write(isFirst ? rest.subarray(0, rest.length / 2) : rest, () =>
      isFirst ? setTimeout(() => response.destroy(), 100) : response.end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('a checkpoint of PyTorch becomes weights that features can be extracted with', async () => {
  const dir = temporaryFolder();
  await writeSmallExperiment(dir);
  const backbone = 'test_resnet_bottleneck.micro';
  const imported = await unseenJson(
    dir,
    'weights',
    'import',
    CHECKPOINT,
    '--backbone',
    backbone,
    '--out',
    'net.safetensors',
  );
  expect(imported).toMatchObject({ family: 'torchvision', licence: 'unknown', sha256: await sha256File(CHECKPOINT) });
  expect(imported.leftOut).toContainEqual({ name: 'fc.weight', what: 'classifier' });
  const common = ['--backbone', backbone, '--dataset', 'small.yaml', '--size', '24', '--out', 'features'];
  expect(await failure(dir, ['features', 'extract', ...common, '--weights', CHECKPOINT])).toMatch(
    /import the file first: unseen weights import .*torch-resnet\.pth\.tar --backbone test_resnet_bottleneck\.micro/,
  );
  const { stores } = await unseenJson(dir, 'features', 'extract', ...common, '--weights', 'net.safetensors', '--half');
  expect(stores.map(({ images }: { images: number }) => images)).toEqual([4, 2]);
  expect((await readdir(join(dir, 'features'))).sort()).toEqual(['train.arrow', 'val.arrow']);
}, 120_000);

test('names: what is known, what is gone, what is no name', async () => {
  const dir = temporaryFolder();
  const { weights } = await unseenJson(dir, 'weights', 'list');
  expect(weights.map(({ name }: { name: string }) => name)).toContain('resnet101.tv_in1k');
  expect(await failure(dir, ['weights', 'import', 'resnet51.tv_in1k'])).toContain("did you mean 'resnet50.tv_in1k'?");
  expect(await failure(dir, ['weights', 'import', 'cagnet.voc12_ourbest'])).toMatch(
    /no longer responds.*import the file/s,
  );
  expect(await failure(dir, ['weights', 'import', CHECKPOINT])).toContain('--backbone NAME');
});

test.skipIf(!existsSync(MOBILENET))(
  'published weights by name: broken off, gone on with, checked, imported',
  async () => {
    const dir = temporaryFolder();
    process.env.UNSEEN_CACHE = join(dir, 'cache');
    try {
      const name = 'mobilenet_v1_025.keras_in1k';
      const result = await unseenJson(dir, 'weights', 'import', name, '--url', `${address}/mobilenet.h5`);
      expect(requests).toBe(2);
      expect(result).toMatchObject({
        backbone: name,
        out: `${name}.safetensors`,
        licence: 'Apache-2.0',
        source: expect.stringMatching(/^https:.*mobilenet_2_5_224_tf_no_top\.h5$/),
        input: { channelOrder: 'rgb', mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
        missing: [],
        unmatched: [],
      });
      expect(await readdir(dir)).toContain(`${name}.safetensors`);
      await unseenJson(dir, 'weights', 'import', name, '--url', `${address}/mobilenet.h5`);
      expect(requests).toBe(2);
      // The file of another network, by a name whose checksum is known.
      const wrong = await failure(dir, ['weights', 'import', 'resnet18.tv_in1k', '--url', `${address}/resnet18.pth`]);
      expect(wrong).toMatch(/has sha256 dbdb03ee.*expected f37072fd/);
      expect((await readdir(join(dir, 'cache/weights'))).filter((file) => file.startsWith('resnet18'))).toEqual([
        expect.stringMatching(/\.json$/),
      ]);
    } finally {
      delete process.env.UNSEEN_CACHE;
    }
  },
);

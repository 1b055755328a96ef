import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@unseen/core';
import { decodeIndexedPng } from '@unseen/formats';
import { beforeAll, expect, test } from 'vitest';
import { failure, unseen, unseenJson } from '../helpers/command.ts';
import { photo, writeFiles } from '../helpers/small-experiment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { trainedCopy } from '../helpers/trained-run.ts';

let dir: string;
beforeAll(async () => {
  dir = await trainedCopy();
});

const json = (...args: string[]) => unseenJson(dir, ...args);
const read = async (...parts: string[]) => JSON.parse(await readFile(join(dir, ...parts), 'utf8'));

test('predict segments the images of a folder as the evaluation did, which the metrics verb confirms', async () => {
  const { images, model } = await json('predict', 'run', 'images/e.png', 'images/f.png', '--out', 'out');
  expect(model).toBe('cagnet');
  const scored = await json(
    'metrics',
    '--pred',
    'out/masks',
    '--gt',
    'masks',
    '--dataset',
    'small.yaml',
    '--subset',
    'val',
  );
  const { methods } = await read('run/metrics.json');
  expect(scored.metrics.perClass).toEqual(methods.cagnet.perClass);
  const sum = (values: object) => Object.values(values).reduce((a, b) => a + b, 0);
  for (const { shares, void: unlabelled } of images) expect(sum(shares) + unlabelled).toBeCloseTo(1, 9);

  await json('predict', 'run', 'images/e.png', 'images/f.png', '--out', 'before', '--model', 'seen-only');
  const before = await json(
    'metrics',
    '--pred',
    'before/masks',
    '--gt',
    'masks',
    '--dataset',
    'small.yaml',
    '--subset',
    'val',
  );
  expect(before.metrics.perClass).toEqual(methods['seen-only'].perClass);
});

test('another backend segments the same; the run records which one made it', async () => {
  await json('predict', 'run', 'images/e.png', '--out', 'auto');
  await json('predict', 'run', 'images/e.png', '--out', 'cpu', '--backend', 'cpu');
  const masks = await Promise.all(['auto', 'cpu'].map((out) => readFile(join(dir, out, 'masks/e.png'))));
  expect(masks[1].equals(masks[0])).toBe(true);
  const { backend, passedOver, packages } = await read('run/environment.json');
  expect(packages).toHaveProperty(backend === 'onnxruntime' ? 'onnxruntime-node' : '@tensorflow/tfjs-core');
  if (backend === 'onnxruntime') expect(Object.keys(passedOver)).toEqual(['tensorflow', 'webgpu']);
});

test('predict works at the size of any image, without the training data and what was made of it', async () => {
  await writeFile(join(dir, 'wide.png'), photo(3, 31, 77));
  const needless = ['run/features/train.arrow', 'train.txt', 'vectors.vec'].map((name) => join(dir, name));
  for (const path of needless) await rename(path, `${path}.away`);
  const { images } = await json('predict', 'run', 'wide.png', '--out', 'wide', '--min-confidence', '1');
  for (const path of needless) await rename(`${path}.away`, path);
  expect(images[0]).toMatchObject({ height: 31, width: 77, shares: {}, void: 1 });
  const mask = decodeIndexedPng(await readFile(images[0].mask), 'mask');
  expect([mask.height, mask.width]).toEqual([31, 77]);
  expect(mask.palette?.[5]).toEqual([10, 20, 30]);
  expect(mask.data.every((id) => id === 255)).toBe(true);
});

test('evaluate under other options leaves the metrics of the run alone and says what the options were', async () => {
  const before = sha256(await readFile(join(dir, 'run/metrics.json')));
  const plain = await json('evaluate', 'run', '--resolution', 'original');
  expect(plain.metrics).toBe(join(dir, 'run/metrics.original.json'));
  const { methods, protocol } = await read('run/metrics.original.json');
  expect(methods).toEqual((await read('run/metrics.json')).methods);
  expect(protocol.testTime).toBe('one view');

  const averaged = await json('evaluate', 'run', '--resolution', 'feature', '--flip', '--scales', '1,2');
  expect(averaged.metrics).toBe(join(dir, 'run/metrics.feature-flip-1-2.json'));
  const file = JSON.parse(await readFile(averaged.metrics, 'utf8'));
  expect(file.protocol.testTime).toBe('softmax probabilities averaged over scales 1, 2, each also mirrored');
  expect(file.protocol.evaluation).toContain('on the grid of the features');
  // Two images of 4 × 4 positions.
  expect(file.methods.cagnet.pixels.labelled).toBe(2 * 16);
  expect(Object.keys(averaged.methods)).toEqual(['seen-only', 'cagnet']);

  await json('evaluate', 'run', '--scales', '0.5', '--out', 'elsewhere.json');
  expect((await read('elsewhere.json')).protocol.testTime).toBe('one view at scale 0.5');
  expect(sha256(await readFile(join(dir, 'run/metrics.json')))).toBe(before);
});

test('evaluate refuses scales that no network can see', async () => {
  for (const [scales, message] of [
    ['1,x', "--scales '1,x'; expected different positive numbers"],
    ['0.001', 'does not work at scale 0.001'],
  ]) {
    const { code, stderr } = await unseen(['evaluate', 'run', '--scales', scales], dir);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  }
});

test('weights inspect lists tensors and names the backbone that fits', async () => {
  const toy = join(import.meta.dirname, '../../experiments/pretrain/toy-backbone.safetensors');
  const { tensors, parameters, metadata, backbones } = await json('weights', 'inspect', toy);
  expect(tensors[0]).toEqual({
    name: expect.any(String),
    shape: expect.any(Array),
    dtype: 'F32',
    bytes: expect.any(Number),
  });
  const count = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
  expect(parameters).toBe(tensors.reduce((sum: number, { shape }: { shape: number[] }) => sum + count(shape), 0));
  expect(JSON.parse(metadata['unseen.backbone']).licence).toBe('MIT');
  expect(backbones).toEqual([{ name: 'resnet_micro.toy_attributes', loads: true, family: 'unseen', extra: 0 }]);
  const checkpoint = await json('weights', 'inspect', 'run/checkpoints/train.safetensors');
  expect(checkpoint.backbones).toEqual([]);
  const nested = join(import.meta.dirname, '../../packages/formats/test-data/nested-zip.pth.tar');
  const found = await json('weights', 'inspect', nested);
  expect(found).toMatchObject({ format: 'pytorch-zip', parameters: 40, bytes: 164, metadata: { epoch: '3' } });
  expect(found.notes).toContain("removed 'module.' from the names");
  const momentum = await json('weights', 'inspect', nested, '--table', 'optimizer/state/(0)');
  expect(momentum.tensors.map(({ name }: { name: string }) => name)).toEqual(['momentum_buffer']);
  const { code, stderr } = await unseen(['weights', 'inspect', 'small.yaml'], dir);
  expect(code).toBe(1);
  expect(stderr).toContain('expected weights: safetensors, Keras HDF5, a PyTorch checkpoint');
});

test('predict tells of images and paths that cannot be read, and does the others', async () => {
  const place = temporaryFolder();
  await writeFiles(place, { 'photos/a.png': photo(1), 'photos/b.jpg': 'no picture', 'photos/c.png': photo(2) });
  const message = await failure(place, ['predict', join(dir, 'run'), 'absent.png', 'photos', '--out', 'out']);
  expect(message).toMatch(
    /2 of 4 images failed:\n.*absent\.png does not exist.*\n.*b\.jpg cannot be read.*\n {2}→ the other 2 are done/,
  );
  expect((await readdir(join(place, 'out/masks'))).sort()).toEqual(['a.png', 'c.png']);
});

test('predict refuses what it cannot use', async () => {
  const run = join(dir, 'run');
  const place = temporaryFolder();
  await mkdir(join(place, 'none'));
  await writeFiles(place, { 'a.png': photo(1) });
  const refusal = (...args: string[]) => failure(place, ['predict', ...args]);
  expect(await refusal(run, 'absent.png')).toContain('absent.png does not exist');
  expect(await refusal(run, 'none')).toContain('none holds no image');
  expect(await refusal('none', 'a.png')).toContain('none is not a run folder');
  expect(await refusal(run, 'a.png', '--min-confidence', '2')).toContain('expected a number from 0 to 1');
  expect(await refusal(run, 'a.png', '--model', 'seen-onyl')).toContain("did you mean 'seen-only'?");
  await cp(run, join(place, 'half'), { recursive: true });
  await rm(join(place, 'half/checkpoints/finetune.safetensors'));
  expect(await refusal('half', 'a.png')).toMatch(/its stage 'finetune' has not finished.*--resume/s);
});

test('a dense CRF refines what predict paints and what evaluate counts, on the photos only', async () => {
  const { methods, metrics } = await json('evaluate', 'run', '--crf', 'spnet');
  expect(metrics).toMatch(/metrics\.original-crf-spnet\.json$/);
  const { protocol } = await read('run/metrics.original-crf-spnet.json');
  expect(protocol.testTime).toContain('dense CRF with the parameters of spnet');
  await json('predict', 'run', 'images/e.png', 'images/f.png', '--out', 'refined', '--crf', 'spnet');
  const arguments_ = ['--pred', 'refined/masks', '--gt', 'masks', '--dataset', 'small.yaml', '--subset', 'val'];
  const scored = await json('metrics', ...arguments_);
  expect(scored.metrics.mIoU).toBe(methods.cagnet.mIoU);
  const args = ['--crf', 'spnet', '--resolution', 'feature'];
  expect(await failure(dir, ['evaluate', 'run', ...args])).toContain('it looks at the photos');
  expect(await failure(dir, ['predict', 'run', 'images/e.png', '--crf', 'spnett'])).toContain("did you mean 'spnet'");
});

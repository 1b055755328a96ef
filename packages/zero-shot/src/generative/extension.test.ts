import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '@unseen/core';
import { loadExperiment, loadModel, runExperiment } from '@unseen/experiment';
import { openSafetensors } from '@unseen/formats';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { cagnet } from '../cagnet/cagnet.ts';
import { pretrain } from '../pretrain/pretrain.ts';
import { extendedExperiment } from '../protocol/extend-run.ts';

const INSTANT = join(import.meta.dirname, '../../../../experiments/cagnet/toy-instant.yaml');
const methods = { cagnet, pretrain };

/** Images as small as can be, one of them with the class that is added. */
const MICRO = [
  'data={split: four-unseen, size: [24, 24], train: {limit: 8}, val: {limit: 16}, allowMissing: true}',
  'report.panels=0',
];

let dir: string;
let run: string;
beforeAll(async () => {
  dir = temporaryFolder();
  run = join(dir, 'run');
  await runExperiment(await loadExperiment(INSTANT, { methods, set: [...MICRO, 'profile=official'] }), { out: run });
}, 60_000);

const hashes = async (folder: string) => {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Promise.all(paths.map(async (path) => [path, await sha256File(path)]));
};
const metricsOf = async (out: string) => JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8'));
const tensor = async (path: string, name: string) => {
  const file = await openSafetensors(path);
  const { values } = await file.readFloat32(name);
  await file.close();
  return values;
};

test('a run learns a class that its dataset has but its split has not; the old run stays as it was', async () => {
  const before = await hashes(run);
  const out = join(dir, 'striped');
  const experiment = await extendedExperiment(run, { names: ['white striped'], methods });
  await runExperiment(experiment, { out });
  expect(await hashes(run)).toEqual(before);
  const { methods: evaluated } = await metricsOf(out);
  const [name] = Object.keys(evaluated);
  expect(name).toBe('cagnet-extended');
  expect(evaluated[name].perClass.slice(-2).map((one: { name: string }) => one.name)).toEqual([
    'yellow dotted',
    'white striped',
  ]);
  expect(evaluated[name].perClass.at(-1)).toMatchObject({ group: 'unseen', id: 20 });
  expect(evaluated[name].perClass.at(-1).support).toBeGreaterThan(0);
  // The stores are those of the old run, not extracted again.
  const inode = async (folder: string) => (await stat(join(folder, 'features/train.arrow'))).ino;
  expect(await inode(out)).toBe(await inode(run));
});

test('the extension begins with what the old run has learnt', async () => {
  const out = join(dir, 'still');
  const still = ['heads', 'generator'].flatMap((part) => [
    `finetune.optimizers.${part}.rate=1.0e-9`,
    `finetune.optimizers.${part}.weightDecay=0`,
  ]);
  const options = { names: ['white striped'], methods, set: ['finetune.iterations=1', ...still] };
  await runExperiment(await extendedExperiment(run, options), { out });
  const [old, now] = await Promise.all([
    tensor(join(run, 'checkpoints/finetune.safetensors'), 'cagnet.heads.classifier.bias'),
    tensor(join(out, 'checkpoints/extend.safetensors'), 'cagnet.heads.classifier.bias'),
  ]);
  // 15 seen and 4 unseen classes; the dead channel of the official profile stays behind all classes.
  for (let channel = 0; channel < 19; channel++) expect(now[channel]).toBeCloseTo(old[channel], 7);
  expect(now[20]).toBeCloseTo(old[19], 7);
});

test('a word that no dataset knows gets a vector from a file, and an extension can be extended', async () => {
  const table = await readFile(join(import.meta.dirname, '../../../../embeddings/toy-attributes.vec'), 'utf8');
  const [first] = table.split('\n').slice(1);
  const path = join(dir, 'words.vec');
  await writeFile(
    path,
    `1 ${first.trim().split(' ').length - 1}\npurple-${first.trim().split('-').slice(1).join('-')}\n`,
  );
  const name = `purple ${first.split(' ')[0].split('-')[1]}`;
  const one = join(dir, 'one');
  const two = join(dir, 'two');
  await runExperiment(await extendedExperiment(run, { names: [name], vectors: [path], methods }), { out: one });
  const again = await extendedExperiment(one, { names: ['white striped'], methods });
  await runExperiment(again, { out: two });
  const model = await loadModel(two, { methods });
  expect(model.classes.slice(-2)).toEqual([21, 20]);
  const data = new Uint8Array(64 * 64 * 3).fill(90);
  const { height, width, data: logits } = await model.logits({ height: 64, width: 64, data });
  expect(logits).toHaveLength(height * width * 21);
  model.dispose();
  expect((await metricsOf(two)).methods['cagnet-extended'].perClass.at(-2)).toMatchObject({
    name,
    iou: null,
    support: 0,
  });
  const changed = join(dir, 'changed.vec');
  const [header, row] = (await readFile(path, 'utf8')).split('\n');
  await writeFile(changed, `${header}\n${row.split(' ')[0]} ${row.split(' ').slice(1).reverse().join(' ')}\n`);
  await expect(extendedExperiment(one, { names: ['white striped'], vectors: [changed], methods })).rejects.toThrow(
    `another vector of '${name}' than the run has learnt`,
  );
});

test('a control learns no new class', async () => {
  const control = join(dir, 'control');
  await mkdir(control);
  const config = await readFile(join(run, 'config.yaml'), 'utf8');
  await writeFile(
    join(control, 'config.yaml'),
    config.replace(/^embeddings:\n/m, 'embeddings:\n  control: rotate-unseen\n'),
  );
  await expect(extendedExperiment(control, { names: ['white striped'], methods })).rejects.toThrow('is a control');
});

test('a run of a method that knows no names and an unfinished run are refused', async () => {
  const options = { names: ['white striped'], methods };
  const other = join(dir, 'other');
  await runExperiment(await loadExperiment(INSTANT, { methods, set: MICRO }), {
    out: other,
    signal: AbortSignal.abort(),
  }).catch(() => {});
  const experiment = await extendedExperiment(other, options);
  await expect(runExperiment(experiment, { out: join(dir, 'none') })).rejects.toThrow('it has not finished');
  await expect(extendedExperiment(run, { ...options, names: ['white strippy'] })).rejects.toThrow('white strippy');
});

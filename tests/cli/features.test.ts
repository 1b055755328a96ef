import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, unseen } from '../helpers/command.ts';
import { writeSmallExperiment } from '../helpers/small-experiment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BACKBONE = join(import.meta.dirname, '../../experiments/pretrain/toy-backbone.safetensors');

/** The settings of the small experiment. */
const EXTRACT = [
  ...['features', 'extract', '--backbone', 'resnet_micro.toy_attributes', '--weights', BACKBONE],
  ...['--dataset', 'small.yaml', '--size', '16'],
];

const metricsOf = async (run: string) => JSON.parse(await readFile(join(run, 'metrics.json'), 'utf8')).methods;

test('stores made by shards are what an experiment would have made, and it takes them over in the precision it asks for', async () => {
  const dir = temporaryFolder();
  await writeSmallExperiment(dir);
  for (const shard of ['2/2', '1/2']) {
    const args = [...EXTRACT, '--out', 'features', '--shard', shard, '--half', '--compress'];
    const { code, stderr, stdout } = await unseen(args, dir);
    expect(code).toBe(0);
    expect(stderr).toMatch(/2 images: .*kB, about /);
    expect(stdout).toContain('unseen features merge features');
  }
  const merged = await unseen(['features', 'merge', 'features', '--json'], dir);
  expect(JSON.parse(merged.lastLine).stores).toHaveLength(2);
  const run = (out: string, ...settings: string[]) => [
    ...['run', 'small.exp.yaml', '--out', out],
    ...settings.flatMap((setting) => ['--set', setting]),
  ];
  const half = 'features.precision=half';
  expect((await unseen(run('own', half, 'features.compress=true'), dir)).code).toBe(0);
  for (const subset of ['train', 'val']) {
    const own = await readFile(join(dir, `own/features/${subset}.arrow`));
    const joined = await readFile(join(dir, `features/${subset}.arrow`));
    // The experiment calls its dataset by its whole path, and so does the command.
    expect(joined.equals(own)).toBe(true);
  }
  const store = `features.store=${join(dir, 'features')}`;
  expect((await unseen(run('taken', half, store), dir)).code).toBe(0);
  expect(await metricsOf(join(dir, 'taken'))).toEqual(await metricsOf(join(dir, 'own')));
  expect(await failure(dir, run('full', store))).toMatch(
    /train\.arrow is in half precision \(16 bits\); expected 32 bits, as 'features\.precision' says\n {2}→ set features\.precision to 'half'/,
  );
}, 240_000);

test('--estimate tells bytes and time of full datasets, and writes nothing', async () => {
  const dir = temporaryFolder();
  await writeSmallExperiment(dir);
  const before = await readdir(dir);
  const estimate = async (...more: string[]) => {
    const { lastLine } = await unseen([...EXTRACT, '--estimate', '--json', ...more], dir);
    return JSON.parse(lastLine);
  };
  const [single, half] = [await estimate(), await estimate('--half')];
  expect(single.datasets.map(({ name, images }: { name: string; images: number }) => [name, images])).toEqual([
    ['small.yaml', 4],
    ['VOC 2012 with SBD', 10_582],
    ['PASCAL Context', 4_998],
    ['COCO-Stuff', 118_287],
  ]);
  const [, voc] = single.datasets;
  expect(voc.bytes).toBeCloseTo(single.bytesPerImage * 10_582);
  expect(half.bytesPerImage).toBeLessThan(single.bytesPerImage);
  expect(await readdir(dir)).toEqual(before);
});

test.each([
  [['--out', 'f', '--shard', '3/2'], "--shard '3/2'; expected a part such as 2/8"],
  [['--out', 'f', '--output-stride', '3'], 'output stride 3 for resnet_micro.toy_attributes; expected one of: 4'],
  [[], 'no folder for the stores; expected --out DIR'],
  [['--estimate', '--compress'], '--estimate with --compress; expected one of them'],
])('features extract %j is refused', async (args, sentence) => {
  const dir = temporaryFolder();
  await writeSmallExperiment(dir);
  expect(await failure(dir, [...EXTRACT, ...args])).toContain(sentence);
  expect(await readdir(dir)).not.toContain('f');
});

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type FeatureProvenance, writeFeatureStore } from '@unseen/data';
import { encodeRgbPng, openSafetensors, type StoredTensor, writeSafetensors } from '@unseen/formats';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { failure, startUnseen, unseen } from '../helpers/command.ts';
import { photo, SIDE, stripes, writeSmallExperiment } from '../helpers/small-experiment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { trainedCopy, trainedFolder } from '../helpers/trained-run.ts';

const RUN = ['run', 'small.exp.yaml', '--out', 'run'];

/** A folder with the small experiment finished in `run`. */
let finished: string;
beforeAll(async () => {
  finished = await trainedFolder();
});

/** The error of a run of the small experiment with some files changed (null: removed). */
async function failureOf(
  changes: Readonly<Record<string, string | Uint8Array | null>>,
  ...args: string[]
): Promise<string> {
  const dir = temporaryFolder();
  const kept = Object.entries(changes).filter((entry): entry is [string, string | Uint8Array] => entry[1] !== null);
  await writeSmallExperiment(dir, Object.fromEntries(kept));
  for (const [name, content] of Object.entries(changes)) if (content === null) await rm(join(dir, name));
  const message = await failure(dir, [...RUN, ...args]);
  const left = existsSync(join(dir, 'run')) ? await readdir(join(dir, 'run'), { recursive: true }) : [];
  expect(left.filter((name) => name.endsWith('.tmp') || name === 'lock' || name === 'metrics.json')).toEqual([]);
  return message;
}

/** The figures of a finished run, which depend on every number before them. */
async function metricsOf(dir: string): Promise<unknown> {
  return JSON.parse(await readFile(join(dir, 'run/metrics.json'), 'utf8')).methods;
}

describe('a dataset', () => {
  test('with a missing image', async () => {
    const message = await failureOf({ 'images/c.png': null });
    expect(message).toMatch(
      /1 of the 4 images of .*train\.txt have no image in .*images: c; expected .*\n {2}→ add the/,
    );
  });

  test.each([
    ['truncated', photo(4).subarray(0, 300)],
    ['unreadable', 'this is no picture'],
    ['empty', ''],
  ])('with an image that is %s', async (_, content) => {
    expect(await failureOf({ 'images/e.png': content })).toMatch(
      /images\/e\.png cannot be read as an image.*expected a whole JPEG, PNG.*replace the file/s,
    );
  });

  test('with a truncated mask', async () => {
    expect(await failureOf({ 'masks/b.png': stripes([1, 2, 5]).subarray(0, 60) })).toContain('masks/b.png');
  });

  test('with a mask of another size than its image', async () => {
    expect(await failureOf({ 'masks/b.png': stripes([1, 2, 5], 12) })).toMatch(
      /masks\/b\.png: 12x12, but its image .*images\/b\.png is 24x24.*expected the same size; redraw the mask/,
    );
  });

  test('with a mask value that no class has', async () => {
    expect(await failureOf({ 'masks/b.png': stripes([1, 2, 7]) })).toMatch(
      /masks\/b\.png has the value 7 at row 0, column 16, which no class has; expected a class id \(1, 2, 5\) or 255/,
    );
  });

  test('with a colour mask where indices are expected', async () => {
    const mask = encodeRgbPng({ height: SIDE, width: SIDE, data: new Uint8Array(3 * SIDE * SIDE).fill(1) });
    expect(await failureOf({ 'masks/b.png': mask })).toMatch(
      /masks\/b\.png is a colour picture.*expected one class index per pixel/,
    );
  });

  test('with several such masks: all are listed before anything is computed', async () => {
    const message = await failureOf({ 'masks/b.png': stripes([1, 2, 7]), 'masks/f.png': stripes([5, 9, 2]) });
    expect(message).toContain('b.png has the value 7');
    expect(message).toContain('f.png has the value 9');
  });

  test('with an unseen class without a test pixel, unless it is allowed', async () => {
    const changes = { 'masks/e.png': stripes([1, 2, 2]), 'masks/f.png': stripes([1, 1, 2]) };
    expect(await failureOf(changes)).toMatch(/unseen class 'lynx' \(5\) has no test pixel.*→ .*data\.allowMissing/s);
    const dir = temporaryFolder();
    await writeSmallExperiment(dir, changes);
    const { code, stderr } = await unseen([...RUN, '--set', 'data.allowMissing=true'], dir);
    expect(stderr).toContain("warning: unseen class 'lynx' (5) has no test pixel");
    expect(code).toBe(0);
  });

  test('with a class that is both seen and unseen', async () => {
    const yaml = await readFile(join(finished, 'small.yaml'), 'utf8');
    expect(await failureOf({ 'small.yaml': yaml.replace('unseen: [lynx]', 'unseen: [lynx, dog]') })).toMatch(
      /small\.yaml:9:\d+: class 'dog' is both seen and unseen in split 'default'; expected disjoint lists/,
    );
  });
});

describe('class vectors', () => {
  test('that lack a class', async () => {
    expect(await failureOf({ 'vectors.vec': 'cat 1 0 0.5\ndog 0 1 0.5\n' })).toMatch(/lynx/);
    const table = (await readFile(join(finished, 'table.yaml'), 'utf8')).replace('  - { id: 5, name: lynx }\n', '');
    expect(await failureOf({ 'table.yaml': table })).toMatch(/no vector for: lynx; expected a vector for every/);
  });

  test('with a short line', async () => {
    expect(await failureOf({ 'vectors.vec': 'cat 1 0 0.5\ndog 0 1\nlynx 0.9 0.1 0.4\n' })).toMatch(
      /vectors\.vec:2 has 2 numbers; expected 3, like the lines before it/,
    );
  });
});

describe('an experiment file', () => {
  test('with unknown keys and wrong types: file, line, column and the nearest key', async () => {
    const yaml = await readFile(join(finished, 'small.exp.yaml'), 'utf8');
    const message = await failureOf({
      'small.exp.yaml': `${yaml.replace('train: { batch: 2 }', 'train: { bacth: 2 }')}seed: one\n`,
    });
    expect(message).toMatch(/small\.exp\.yaml:6:10: unknown key 'bacth' in 'train'.*did you mean 'batch'\?/s);
    expect(message).toMatch(/small\.exp\.yaml:8:7: 'seed' is 'one'/);
  });
});

describe('a run folder', () => {
  test('with a checkpoint whose tensors do not match', async () => {
    const dir = await trainedCopy();
    const path = join(dir, 'run/checkpoints/finetune.safetensors');
    const file = await openSafetensors(path);
    const tensors: [string, StoredTensor][] = [];
    for (const name of file.names) tensors.push([name, await file.read(name)]);
    await file.close();
    const [[dropped], [misshapen, { shape }], ...rest] = tensors;
    const changed: [string, StoredTensor] = [misshapen, { shape: [3], values: new Float32Array(3) }];
    await writeSafetensors(
      path,
      [changed, ...rest, ['cagnet.contextual.stranger', { shape: [1], values: new Float32Array(1) }]],
      {
        ...file.metadata,
      },
    );
    const before = await readFile(join(dir, 'run/metrics.json'), 'utf8');
    const message = await failure(dir, ['evaluate', 'run']);
    expect(message).toMatch(/the tensors of .*finetune\.safetensors do not fit/);
    expect(message).toContain(`missing: ${dropped}`);
    expect(message).toContain('unexpected: cagnet.contextual.stranger');
    expect(message).toContain(`${misshapen} is [3] instead of [${shape}]`);
    expect(await readFile(join(dir, 'run/metrics.json'), 'utf8')).toBe(before);
  });

  test('with a store of features of another backbone', async () => {
    const dir = await trainedCopy();
    const provenance: FeatureProvenance = {
      backbone: 'resnet101.tv_in1k',
      weights: 'abc',
      config: 'def',
      dataset: 'small',
      subset: 'val',
      views: ['scale 1'],
      normalization: { channelOrder: 'rgb', mean: [0, 0, 0], std: [1, 1, 1] },
    };
    await writeFeatureStore(join(dir, 'run/features/val.arrow'), { provenance, channels: 2 }, (writer) =>
      writer.append({
        id: 'e',
        view: 'scale 1',
        height: 1,
        width: 1,
        features: new Float32Array(2),
        labels: new Uint8Array(1),
      }),
    );
    expect(await failure(dir, ['evaluate', 'run'])).toMatch(
      /val\.arrow was made with backbone "resnet101\.tv_in1k".*expected backbone "resnet_micro\.toy_attributes".*\n {2}→ extract/,
    );
  });

  test('with a damaged store of features', async () => {
    const dir = await trainedCopy();
    const path = join(dir, 'run/features/val.arrow');
    const bytes = await readFile(path);
    bytes[1000] ^= 1;
    await writeFile(path, bytes);
    expect(await failure(dir, ['evaluate', 'run'])).toMatch(/val\.arrow cannot be read as a feature store/);
  });

  test('whose loss is not a number keeps its last good checkpoint and the stages before', async () => {
    const dir = temporaryFolder();
    await writeSmallExperiment(dir);
    const explode = ['start=4', 'every=1', 'factor=1.0e+30'].flatMap((setting) => [
      '--set',
      `train.optimizers.heads.schedule.${setting}`,
    ]);
    const message = await failure(dir, [...RUN, ...explode]);
    expect(message).toMatch(/the loss '\w+' is (NaN|-?Infinity) at iteration [4-7]\n {2}→ lower the learning rate/);
    const [, checkpoint] = /the last good checkpoint, of iteration 4, is (.*)\n/.exec(message) ?? [];
    const file = await openSafetensors(checkpoint);
    for (const name of file.names) expect((await file.readFloat32(name)).values.every(Number.isFinite)).toBe(true);
    await file.close();
    const again = await unseen([...RUN, '--resume', '--force'], dir);
    expect(again.stderr).toMatch(
      /\[2\/6\] features: finished earlier\n\[3\/6\] features-val: finished earlier\n\[4\/6\] train\n/,
    );
    expect(again.code).toBe(0);
  });

  test('of a process that was killed in the midst of writing is finished with the same numbers', async () => {
    const dir = temporaryFolder();
    await writeSmallExperiment(dir);
    const command = startUnseen(RUN, dir);
    const features = join(dir, 'run/features');
    while (!existsSync(features) || !(await readdir(features)).some((name) => name.endsWith('.partial')))
      await setTimeout(1);
    command.process.kill('SIGKILL');
    await command.ended;
    expect((await unseen([...RUN, '--resume'], dir)).code).toBe(0);
    expect(await metricsOf(dir)).toEqual(await metricsOf(finished));
    const left = await readdir(join(dir, 'run'), { recursive: true });
    expect(left.filter((name) => /\.(tmp|partial|journal|lock)$/.test(name) || name === 'lock')).toEqual([]);
  });

  test('is used by one of two processes', async () => {
    const dir = temporaryFolder();
    await writeSmallExperiment(dir);
    const both = await Promise.all([startUnseen(RUN, dir).ended, startUnseen(RUN, dir).ended]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
    const refused = both.find(({ code }) => code === 1)!;
    expect(refused.stderr).toMatch(/^unseen: .*run (is in use by|already holds this run)/m);
  });
});

/** Mounts a file system of a few kilobytes; false where that is not allowed. */
function mountTiny(dir: string, options: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]).status !== 0) return false;
  onTestFinished(() => {
    spawnSync('umount', [dir]);
  });
  return true;
}

describe('a place', () => {
  test('that runs full loses nothing, and the run goes on when there is room', async ({ skip }) => {
    const dir = temporaryFolder();
    await writeSmallExperiment(dir);
    await mkdir(join(dir, 'run'));
    if (!mountTiny(join(dir, 'run'), 'size=120k')) skip('no right to mount a small file system');
    expect(await failure(dir, RUN)).toMatch(/no space left to write .*run\/.*\n {2}→ free some space and resume/);
    expect(spawnSync('mount', ['-o', 'remount,size=64m', join(dir, 'run')]).status).toBe(0);
    expect((await unseen([...RUN, '--resume'], dir)).code).toBe(0);
    expect(await metricsOf(dir)).toEqual(await metricsOf(finished));
  });

  test('that cannot be written', async ({ skip }) => {
    const dir = temporaryFolder();
    await writeSmallExperiment(dir);
    await mkdir(join(dir, 'closed'), { mode: 0o555 });
    if (process.getuid?.() === 0 && !mountTiny(join(dir, 'closed'), 'ro')) skip('root may write everywhere');
    const out = join('closed', 'run');
    expect(await failure(dir, ['run', 'small.exp.yaml', '--out', out])).toMatch(
      /closed\/run.*\n {2}→ .*choose another place/s,
    );
    expect(await failure(dir, ['predict', join(finished, 'run'), 'images/a.png', '--out', out])).toMatch(
      /closed\/run.*\n {2}→ .*choose another place/s,
    );
  });
});

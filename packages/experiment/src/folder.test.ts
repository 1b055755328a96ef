import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeJsonAtomic } from '@unseen/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import type { ExperimentConfig } from './config/schema.ts';
import { type OpenOptions, openRunFolder } from './folder.ts';

let dir: string;
let out: string;
beforeEach(async () => {
  dir = temporaryFolder();
  out = join(dir, 'run');
});

const config = { name: 'one', method: 'sum', seed: 1 } as ExperimentConfig;

/** Opens the folder as a run does, and closes it; the warnings. */
async function open(options: OpenOptions = {}): Promise<string[]> {
  const warnings: string[] = [];
  (await openRunFolder(out, config, { warn: (sentence) => warnings.push(sentence), ...options })).close();
  return warnings;
}

const ENVIRONMENT = '{"node": "v20.1.0", "backend": "cpu", "seed": 1}';
const EXPERIMENT = 'name: one\nmethod: sum\nseed: 1\n';
const RECORDS = { 'environment.json': ENVIRONMENT, 'config.yaml': EXPERIMENT, 'stages.json': '{"finished": []}' };

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(out, path, '..'), { recursive: true });
    await writeFile(join(out, path), content);
  }
}

/** Paths and contents of all files. */
async function contents(folder = out): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(read));
}

const FOREIGN: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['files of any kind', { 'notes.txt': 'x', 'deep/draft.tmp': 'x', 'draft.1-1.tmp': 'x' }],
  ["an experiment of one's own", { 'config.yaml': EXPERIMENT, 'draft.tmp': 'x' }],
  ["another tool's settings", { 'config.yaml': 'optimizer: adam\n', 'environment.json': '{"python": "3.12"}' }],
  ['settings without a method', { 'config.yaml': 'name: one\n', 'stages.json': '{"finished": []}' }],
  ["another tool's records", { 'config.yaml': EXPERIMENT, 'stages.json': '[1, 2]', 'environment.json': 'null' }],
  ['an environment and more', { 'environment.json': ENVIRONMENT, 'a.txt': '' }],
];

describe.each(FOREIGN)('a folder with %s', (_, files) => {
  test.each([{}, { force: true }, { resume: true }, { resume: true, force: true }])(
    'is left as it is: %o',
    async (options) => {
      await put(files);
      await expect(open(options)).rejects.toThrow(/no run|config\.yaml/);
      expect(await contents()).toEqual(files);
    },
  );
});

test('a file that is called lock and is none stays, however old it is', async () => {
  await put({ lock: 'of my door' });
  await utimes(join(out, 'lock'), 0, 0);
  await expect(open()).rejects.toThrow('is not a lock file of this toolkit');
  expect(await contents()).toEqual({ lock: 'of my door' });
});

test('starting again removes what the run has made, and names what stays', async () => {
  const own = {
    ...RECORDS,
    'log.jsonl': '',
    'events.out.tfevents.1.2.3': '',
    'metrics.json': '{}',
    'metrics.original-flip.json': '{}',
    'calibration.json': '{}',
    'backbone.safetensors': '',
    'checkpoints/train/latest.safetensors': '',
    'features/train.arrow': '',
    'artifacts/maps/a.png': '',
    'patches/train/0000.safetensors': '',
    'panels/a.image.png': '',
    'report/index.html': '',
    'analysis/clusters/index.html': '',
    'sum.json': '',
    'models/net.bin': '',
  };
  const foreign = {
    'notes.md': 'precious',
    'paper/draft.tex': 'precious',
    'models/mine.bin': 'precious',
    'metrics2.json': '',
  };
  await put({ ...own, ...foreign });
  const elsewhere = join(dir, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'a'), 'precious');
  await rm(join(out, 'features'), { recursive: true });
  await symlink(elsewhere, join(out, 'features'));
  const warnings = await open({ force: true, outputs: ['sum.json', 'models/net.bin'] });
  expect(warnings).toEqual([
    expect.stringMatching(/are not the run's and stay: metrics2\.json, models, notes\.md and 1 more/),
  ]);
  const left = await contents();
  expect(left).toMatchObject(foreign);
  expect(Object.keys(left).sort()).toEqual(Object.keys(foreign).sort());
  expect(await contents(elsewhere)).toEqual({ a: 'precious' });
  expect(existsSync(join(out, 'features'))).toBe(false);
});

test('nothing is told where nothing else was there, and empty folders of outputs go', async () => {
  await put({ ...RECORDS, 'deep/er/sum.json': '' });
  expect(await open({ force: true, outputs: ['deep/er/sum.json'] })).toEqual([]);
  expect(existsSync(join(out, 'deep'))).toBe(false);
});

test('a run of an earlier version, which has no stages.json or no environment.json, is known', async () => {
  const { 'stages.json': _, ...withoutStages } = RECORDS;
  const { 'environment.json': __, ...withoutEnvironment } = RECORDS;
  for (const records of [withoutStages, withoutEnvironment]) {
    await put(records);
    await expect(open()).rejects.toThrow('holds');
    await open({ resume: true });
    await open({ force: true });
    expect(await contents()).toEqual({});
  }
});

test('a run that is killed while it writes its first records is known', async () => {
  const folder = await openRunFolder(out, config);
  await folder.adopt({ name: 'cpu', versions: {} });
  folder.close();
  const { mtimeMs: first } = await stat(join(out, 'environment.json'));
  expect(first).toBeLessThanOrEqual((await stat(join(out, 'config.yaml'))).mtimeMs);
  await rm(join(out, 'config.yaml'));
  await put({ '.config.yaml.00000000-1-1-0.tmp': 'na' });
  await open();
});

test.each([
  ['config.yaml', '{'],
  ['stages.json', '{"finished": [{"na'],
  ['stages.json', '{"finished": 3}'],
  ['environment.json', '\0\0\0'],
])('a damaged %s (%j) is one clear error, and the run can be started again', async (file, content) => {
  await put({ ...RECORDS, [file]: content });
  await expect(open({ resume: true })).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(new RegExp(`cannot be continued: .*${file}.*--force`, 's')),
  });
  expect((await contents())[file]).toBe(content);
  await open({ force: true });
  expect(await contents()).toEqual({});
});

test('half-written files go from where runs write, and stay elsewhere', async () => {
  const left = ['config.yaml.1-1.tmp', 'checkpoints/a.1-1.tmp', '.x.json.00000000-1-1-0.tmp', 'report/deep/b.12-0.tmp'];
  const kept = ['thesis.tex.1-1.tmp', 'paper/a.1-1.tmp', 'checkpoints/mine.tmp'];
  await put({ ...RECORDS, ...Object.fromEntries([...left, ...kept].map((path) => [path, ''])) });
  await writeJsonAtomic(join(dir, 'elsewhere/a.1-1.tmp'), 1);
  await symlink(join(dir, 'elsewhere'), join(out, 'panels'));
  await open({ resume: true });
  expect(Object.keys(await contents()).sort()).toEqual([...kept, ...Object.keys(RECORDS)].sort());
  expect(existsSync(join(dir, 'elsewhere/a.1-1.tmp'))).toBe(true);
});

test('parts of the images are done side by side, but never beside the whole run', async () => {
  await put(RECORDS);
  const shard = (index: number) => openRunFolder(out, config, { shard: { index, count: 2 } });
  const [first, second] = [await shard(1), await shard(2)];
  await expect(shard(1)).rejects.toThrow('in use by process');
  await expect(open({ resume: true })).rejects.toThrow('in use by process');
  await expect(open({ force: true })).rejects.toThrow('in use by process');
  first.close();
  second.close();
  const whole = await openRunFolder(out, config, { resume: true });
  await expect(shard(1)).rejects.toThrow('in use by process');
  whole.close();
  await put({ 'lock.shard-1-of-9': JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), since: '' }) });
  await open({ force: true });
  expect(await contents()).toEqual({});
});

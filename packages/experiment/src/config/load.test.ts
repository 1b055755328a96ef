import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '@unseen/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { defineMethod } from '../pipeline/method.ts';
import { loadExperiment } from './load.ts';
import { trunkShape } from './schema.ts';
import { nameOrPath } from './schema-paths.ts';

const count = defineMethod({
  name: 'count',
  summary: 'counts',
  task: 'none',
  settings: z.strictObject({
    ...trunkShape,
    embeddings: z.strictObject({ table: nameOrPath() }),
    count: z.strictObject({ to: z.int().positive().default(3), file: z.string().optional() }).prefault({}),
  }),
  pipeline: () => [],
});
const methods = { count };

const BASE = `method: count
data: { dataset: toy, size: [64, 64] }
embeddings: { table: toy }
backbone: { name: micro, outputStride: 4 }
`;

const dir = temporaryFolder();

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

async function problem(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (e) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

test('defaults are filled in, of the base and of the method', async () => {
  const { config, method } = await loadExperiment(await file('plain.yaml', BASE), { methods });
  expect(method).toBe(count);
  expect(config).toMatchObject({
    name: 'count-plain',
    seed: 0,
    backend: 'auto',
    profile: 'default',
    data: { dataset: 'toy', split: 'default', size: [64, 64] },
    evaluate: { resolution: 'original' },
    count: { to: 3 },
  });
});

test('extends merges maps key by key, replaces lists, and overrides come last', async () => {
  await file('bases/base.yaml', `${BASE}features: { scales: [1, 0.5] }\ncount: { to: 4, file: x }\n`);
  await file('bases/middle.yaml', 'extends: base.yaml\nseed: 5\ncount: { to: 6 }\n');
  const path = await file('top.yaml', 'extends: bases/middle.yaml\nfeatures: { scales: [0.75] }\n');
  const { config, files } = await loadExperiment(path, {
    methods,
    set: ['count.to=7', 'data.train={limit: 2}', 'seed=8', 'seed=9'],
  });
  expect(config).toMatchObject({
    seed: 9,
    features: { scales: [0.75] },
    count: { to: 7, file: 'x' },
    data: { train: { limit: 2 } },
  });
  expect(config).not.toHaveProperty('extends');
  expect(files.map((f) => f.slice(dir.length + 1))).toEqual(['top.yaml', 'bases/middle.yaml', 'bases/base.yaml']);
});

test('paths are relative to the file in which they stand, names stay names', async () => {
  await file('deep/base.yaml', BASE.replace('dataset: toy', 'dataset: ../toy.yaml, root: images'));
  const path = await file('paths.yaml', 'extends: deep/base.yaml\nbackbone: { weights: w.safetensors }\n');
  const { config } = await loadExperiment(path, { methods, set: ['embeddings.table=./t.arrow'] });
  expect(config.data.dataset).toBe(join(dir, 'toy.yaml'));
  expect(config.data.root).toBe(join(dir, 'deep/images'));
  const { backbone, embeddings } = config as unknown as {
    backbone: { name: string; weights: string };
    embeddings: { table: string };
  };
  expect(backbone.weights).toBe(join(dir, 'w.safetensors'));
  expect(backbone.name).toBe('micro');
  expect(embeddings.table).toBe(join(process.cwd(), 't.arrow'));
});

test('every problem is told at once, each at the file and line where its key stands', async () => {
  const base = await file('wrong/base.yaml', `${BASE}count:\n  too: 4\n`);
  const path = await file('wrong/top.yaml', 'extends: base.yaml\nseed: lots\n');
  const message = await problem(loadExperiment(path, { methods, set: ['backend=onnxruntim'] }));
  expect(message).toContain(`${base}:6:3: unknown key 'too' in 'count'`);
  expect(message).toContain("did you mean 'to'?");
  expect(message).toContain(`${path}:2:7: 'seed' is 'lots'; expected`);
  expect(message).toContain("--set backend=onnxruntim: 'backend' is 'onnxruntim'");
  expect(message).toContain("did you mean 'onnxruntime'?");
});

test('a missing key is told with its path', async () => {
  const path = await file('missing.yaml', BASE.replace('dataset: toy, ', ''));
  expect(await problem(loadExperiment(path, { methods }))).toContain("'data.dataset' is missing");
});

test('an unknown method suggests the nearest', async () => {
  const path = await file('method.yaml', BASE.replace('count', 'cuont'));
  const message = await problem(loadExperiment(path, { methods }));
  expect(message).toContain(`${path}:1:9`);
  expect(message).toContain("did you mean 'count'?");
});

test('extends in a circle, and of a missing file, name the place', async () => {
  const a = await file('a.yaml', 'extends: b.yaml\n');
  const b = await file('b.yaml', 'seed: 1\nextends: a.yaml\n');
  expect(await problem(loadExperiment(a, { methods }))).toMatch(/b\.yaml:2:10.*a\.yaml → b\.yaml → a\.yaml/);
  expect(await problem(loadExperiment(b, { methods }))).toContain('circle');
  const c = await file('c.yaml', 'extends: none.yaml\n');
  expect(await problem(loadExperiment(c, { methods }))).toMatch(/c\.yaml:1:10.*none\.yaml, which does not exist/);
});

test('overrides that set nothing, and missing or empty experiment files, are user errors', async () => {
  const path = await file('set.yaml', BASE);
  expect(await problem(loadExperiment(path, { methods, set: ['seed'] }))).toContain("'--set seed' sets nothing");
  expect(await problem(loadExperiment(path, { methods, set: ['seed=[1'] }))).toContain('--set seed=[1');
  expect(await problem(loadExperiment(path, { methods, set: ['sed=1'] }))).toContain("did you mean 'seed'?");
  expect(await problem(loadExperiment(join(dir, 'absent.yaml'), { methods }))).toContain('does not exist');
  expect(await problem(loadExperiment(await file('empty.yaml', ''), { methods }))).toContain("'method' is missing");
});

test('names of runs have at most 200 characters, given or taken from the file', async () => {
  const long = 'x'.repeat(201);
  const given = await file('long-name.yaml', `name: ${long}\n${BASE}`);
  expect(await problem(loadExperiment(given, { methods }))).toMatch(/up to 200 letters/);
  expect(await problem(loadExperiment(await file(`${long}.yaml`, BASE), { methods }))).toMatch(/set 'name'$/);
  expect((await loadExperiment(given, { methods, set: ['name=short'] })).config.name).toBe('short');
});

test.each(['__proto__', 'constructor', 'toString'])(
  'a key that objects have by nature is unknown like any other: %s',
  async (key) => {
    const path = await file('keys.yaml', BASE);
    const message = await problem(loadExperiment(path, { methods, set: [`${key}.a=1`] }));
    expect(message).toMatch(new RegExp(`--set ${key}.a=1: (unknown|the) key '${key}'`));
  },
);

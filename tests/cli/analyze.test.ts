import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@unseen/core';
import { backendStatus } from '@unseen/tensor';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, expect, test } from 'vitest';
import { failure, unseenJson } from '../helpers/command.ts';
import { trainedCopy } from '../helpers/trained-run.ts';

let dir: string;
beforeAll(async () => {
  dir = await trainedCopy();
});

const json = (...args: string[]) => unseenJson(dir, ...args);

async function runFiles(): Promise<string[]> {
  const files = (await readdir(join(dir, 'run'), { recursive: true, withFileTypes: true })).filter((e) => e.isFile());
  const own = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/analysis|synthetic/.test(path));
  return Promise.all(own.sort().map(async (path) => `${path} ${sha256(await readFile(path))}`));
}

test('every analysis writes its page beside the run, which stays as it is', async () => {
  const before = await runFiles();
  for (const [kind, ...options] of [
    ['context-scale'],
    ['reconstruction'],
    ['clusters', '--class', 'lynx', '--k', '2'],
  ]) {
    const { page, file, images } = await json('analyze', kind, 'run', ...options);
    expect(images).toBe(2);
    expect(page).toBe(join(dir, 'run/analysis', kind, 'index.html'));
    expect(await readFile(page, 'utf8')).toContain('lynx');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ kind, images: 2 });
  }
  expect(await runFiles()).toEqual(before);
});

test('features of a class in the context of an image go where they are asked to', async () => {
  const { file, features, height, width } = await json(
    ...['features', 'synthesize', 'run', '--class', 'lynx', '--image', 'images/e.png', '--out', 'lynx.arrow'],
  );
  expect(file).toBe(join(dir, 'lynx.arrow'));
  expect(features).toBe(height * width);
  const table = tableFromIPC(await readFile(file));
  expect(table.numRows).toBe(features);
  expect(new Set([...table].map((row) => row!.label))).toEqual(new Set([5]));
});

test('a run of a backend that is not here is looked into on another', async () => {
  const path = join(dir, 'run/config.yaml');
  const settings = await readFile(path, 'utf8');
  await writeFile(path, settings.replace(/^backend: .*$/m, 'backend: tensorflow'));
  const args = ['features', 'synthesize', 'run', '--class', 'lynx', '--count', '3', '--out', 'three.arrow'];
  const { problem } = await backendStatus('tensorflow');
  if (problem !== undefined) expect(await failure(dir, args)).toMatch(/backend 'tensorflow' cannot be used here/);
  const { features } = await json(...args, '--backend', 'cpu');
  await writeFile(path, settings);
  expect(features).toBe(3);
});

test.each([
  [['analyze', 'cluster', 'run'], /did you mean 'clusters'/],
  [['analyze', 'clusters', 'run', '--class', 'lynks'], /did you mean 'lynx'/],
  [['analyze', 'clusters', 'run', '--k', 'two'], /--k 'two'; expected different whole numbers/],
  [['analyze', 'clusters', 'run', '--images', '0'], /--images 0; expected at least 1/],
  [['analyze', 'reconstruction', 'images'], /is not a run folder/],
  [['features', 'synthesize', 'run'], /class/],
  [['features', 'synthesize', 'run', '--class', 'lynx', '--image', 'none.png'], /none\.png does not exist/],
])('%j is one clear error', async (args, message) => {
  expect(await failure(dir, args)).toMatch(message);
});

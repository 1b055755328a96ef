import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readClassTable } from '@unseen/embeddings';
import { decodeRgbPng, writeNpy } from '@unseen/formats';
import { expect, test } from 'vitest';
import { failure, unseenJson } from '../helpers/command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const DATASET = `name: mine
layout: folder
subsets: { train: train.txt, val: val.txt }
classes:
  - { id: 1, name: cat }
  - { id: 2, name: dog }
  - { id: 5, name: hot dog }
splits:
  default: { seen: [cat, dog], unseen: [hot dog] }
`;

const RECIPE = `name: mine
root: $UNSEEN_DATA
sources: [{ name: words, file: words.vec, multiWord: sum }, { name: traits, file: traits.csv, rows: names }]
classes: { dataset: mine.yaml, tokens: { cat: { words: kitty } } }
`;

async function project(): Promise<string> {
  const dir = temporaryFolder();
  const files = {
    'mine.yaml': DATASET,
    'recipe.yaml': RECIPE,
    'words.vec': 'kitty 3 4\nhot 1 0\ndog 0 2\nhotdog 9 9\n',
    'traits.csv': 'class,furry,edible\ncat,1,0\ndog,1,0.5\nhot_dog,0,1\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  return dir;
}

test('a recipe becomes a table whose every row says where it comes from, and which can be looked over', async () => {
  const dir = await project();
  const built = await unseenJson(dir, 'embed', 'build', 'recipe.yaml', '--data', '.');
  expect(built).toMatchObject({
    out: 'mine.arrow',
    dimension: 4,
    sources: [
      { source: 'words', file: 'words.vec', dimension: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { source: 'traits', file: 'traits.csv', dimension: 2 },
    ],
  });
  expect(built.classes[2]).toEqual({
    id: 5,
    name: 'hot dog',
    sources: [
      { source: 'words', tokens: ['hot', 'dog'], rule: 'sum' },
      { source: 'traits', tokens: ['hot_dog'], rule: 'name' },
    ],
  });
  const table = await readClassTable(join(dir, 'mine.arrow'));
  expect(table.vectors[0]).toEqual(Float32Array.from([0.6, 0.8, 1, 0], (x) => x / Math.SQRT2));

  const inspected = await unseenJson(dir, 'embed', 'inspect', 'mine.arrow', '--dataset', 'mine.yaml', '--out', 'look');
  expect(inspected).toMatchObject({ name: 'mine', parts: [{ source: 'words' }, { source: 'traits' }], warnings: [] });
  expect(inspected.classes.map(({ name, group }: Record<string, string>) => [name, group])).toEqual([
    ['cat', 'seen'],
    ['dog', 'seen'],
    ['hot dog', 'unseen'],
  ]);
  expect(inspected.classes[2].nearestSeen.name).toBe('dog');
  const picture = await readFile(join(dir, 'look/similarity.svg'), 'utf8');
  expect(picture).toContain('>hot dog</text>');
  const png = decodeRgbPng(Buffer.from(/base64,([^"]+)"/.exec(picture)?.[1] ?? '', 'base64'), 'picture');
  expect([png.height, png.width]).toEqual([3, 3]);
  expect(JSON.parse(await readFile(join(dir, 'look/inspection.json'), 'utf8')).cosines).toHaveLength(3);
}, 60_000);

test('any table: names in its first column, or in a file of their own, or ids', async () => {
  const dir = await project();
  const options = ['--from', 'traits.csv', '--dataset', 'mine.yaml', '--normalize', 'none', '--out', 'a.arrow'];
  const { classes } = await unseenJson(dir, 'embed', 'build', ...options);
  expect(classes.map(({ id }: { id: number }) => id)).toEqual([1, 2, 5]);
  expect((await readClassTable(join(dir, 'a.arrow'))).vectors[1]).toEqual(Float32Array.of(1, 0.5));
  await writeNpy(join(dir, 'clip.npy'), { shape: [3, 2], values: Float64Array.of(1, 2, 3, 4, 5, 6) });
  await writeFile(join(dir, 'names.txt'), 'dog\nhot dog\ncat\n');
  await unseenJson(dir, 'embed', 'build', '--from', 'clip.npy', '--names', 'names.txt', '--normalize', 'none');
  expect(await readClassTable(join(dir, 'clip.arrow'))).toMatchObject({
    names: ['dog', 'hot dog', 'cat'],
    ids: [0, 1, 2],
  });
  expect(await failure(dir, ['embed', 'build', '--from', 'clip.npy', '--dataset', 'coco200'])).toMatch(
    /other ids in masks.*--names FILE/s,
  );
}, 60_000);

test('what is missing is told at once, and nothing is written', async () => {
  const dir = await project();
  await writeFile(join(dir, 'words.vec'), 'kitten 3 4\nhot 1 0\n');
  const message = await failure(dir, ['embed', 'build', 'recipe.yaml', '--data', '.']);
  expect(message).toMatch(
    /3 vectors are missing.*'kitty' in words\.vec.*'dog' in.*'hot dog' in words\.vec \(no 'dog'\)/s,
  );
  expect(existsSync(join(dir, 'mine.arrow'))).toBe(false);
  expect(await failure(dir, ['embed', 'build', 'recipe.yaml', '--source', 'words=none.vec', '--data', '.'])).toMatch(
    /do not exist: words: none\.vec.*--source words=FILE/s,
  );
  expect(await failure(dir, ['embed', 'build'])).toContain('neither a recipe nor a table');
}, 60_000);

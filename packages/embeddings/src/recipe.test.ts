import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildClassTable } from './build-class-table.ts';
import { readRecipe } from './recipe.ts';

const recipes = join(import.meta.dirname, '../../../embeddings');
const shared = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared');
let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recipe-'));
  path = join(folder, 'recipe.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

describe('readRecipe', () => {
  it('finds files relative to itself, or in the data folder', async () => {
    await writeFile(path, 'name: t\nroot: sub\nsources: [{name: a, file: a.vec}]\nclasses: [{id: 1, name: cat}]\n');
    expect(await readRecipe(path)).toEqual({
      name: 't',
      normalize: 'parts',
      sources: [{ name: 'a', path: join(folder, 'sub/a.vec'), label: 'a.vec', rows: 'tokens' }],
      classes: [{ id: 1, name: 'cat' }],
    });
    await writeFile(path, 'name: t\nroot: $UNSEEN_DATA/vectors\nsources: [{name: a, file: a.vec, rows: ids}]\n');
    const { sources } = await readRecipe(path, { dataFolder: '/else/where$&' });
    expect(sources[0]).toMatchObject({ path: '/else/where$&/vectors/a.vec' });
  });

  it.each([
    ['unknown keys', 'sources: [{name: a, file: a.vec, row: ids}]', "2:34: unknown key 'row'"],
    ['no sources', 'sources: []', '2:10'],
    [
      'two sources of one name',
      'sources: [{name: a, file: b}, {name: a, file: c}]',
      "2:38: two sources are called 'a'",
    ],
    [
      'tokens for no source',
      'sources: [{name: a, file: b}]\nclasses: [{id: 1, name: c, tokens: {b: d}}]',
      "3:37: no source is called 'b'; expected one of: a",
    ],
  ])('refuses %s and says where', async (_, text, message) => {
    await writeFile(path, `name: t\n${text}\n`);
    await expect(readRecipe(path)).rejects.toThrow(`${path}:${message}`);
  });
});

describe.skipIf(!existsSync(join(shared, 'data/wordvectors')))(
  'recipes of the project (skipped without ../shared)',
  () => {
    it.each([
      ['voc12', 21, 'tvmonitor', 'tv'],
      ['coco-stuff', 182, 'sky-other', 'sky-other'],
    ])('%s', async (name, count, named, token) => {
      const recipe = await readRecipe(join(recipes, `${name}.yaml`), { dataFolder: join(shared, 'data') });
      const table = await buildClassTable(recipe);
      expect(table).toMatchObject({ name, dimension: 600 });
      expect(table.ids).toEqual(Array.from({ length: count }, (_, i) => i));
      const row = table.names.indexOf(named);
      expect(table.provenance[row].map(({ source, tokens }) => [source, tokens])).toEqual([
        ['fasttext', [token]],
        ['word2vec', [token]],
      ]);
      for (const vector of table.vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    });

    it.each([
      ['voc12-zs3', 21, 'motorbike', 1, 1],
      ['context60-zs3', 60, 'cow', 2.2, 3.6],
    ])('%s is not normalised', async (name, count, named, shortest, longest) => {
      const table = await buildClassTable(
        await readRecipe(join(recipes, `${name}.yaml`), { dataFolder: join(shared, 'data') }),
      );
      expect(table).toMatchObject({ name, dimension: 300 });
      expect(table.ids).toEqual(Array.from({ length: count }, (_, i) => i));
      const length = Math.hypot(...table.vectors[table.names.indexOf(named)]);
      expect(length).toBeGreaterThanOrEqual(shortest - 1e-5);
      expect(length).toBeLessThanOrEqual(longest + 1e-5);
    });
  },
);

import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { buildClassTable } from './build-class-table.ts';
import { readRecipe, recipePath } from './recipe.ts';

const recipes = join(import.meta.dirname, '../../../embeddings');
const shared = process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared');
let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'recipe.yaml');
});

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

describe('recipes of the classes of a dataset', () => {
  const dataset = `name: d
layout: voc
classes:
  - {id: 1, name: cat}
  - {id: 7, name: potted_plant, wordRow: 2}
`;
  const recipe = (classes: string) => `name: t\nsources: [{name: a, file: a.vec}]\nclasses: ${classes}\n`;

  it('take names and rows from it, and tokens from the recipe', async () => {
    await writeFile(join(folder, 'd.yaml'), dataset);
    await writeFile(path, recipe('{dataset: d.yaml, tokens: {potted_plant: {a: [potted, plant]}}}'));
    expect((await readRecipe(path)).classes).toEqual([
      { id: 1, name: 'cat' },
      { id: 2, name: 'potted_plant', tokens: { a: ['potted', 'plant'] } },
    ]);
    await writeFile(path, recipe('{dataset: cocostuff}'));
    expect((await readRecipe(path)).classes).toHaveLength(182);
  });

  it.each([
    [
      'classes that it lacks',
      '{dataset: d.yaml, tokens: {cta: {a: x}}}',
      "3:37: the dataset 'd.yaml' has no class 'cta'",
    ],
    ['sources that there are not', '{dataset: d.yaml, tokens: {cat: {b: x}}}', "3:43: no source is called 'b'"],
    ['unknown keys', '{dataset: d.yaml, token: {}}', "3:28: unknown key 'token'"],
  ])('refuse tokens of %s', async (_, classes, message) => {
    await writeFile(join(folder, 'd.yaml'), dataset);
    await writeFile(path, recipe(classes));
    await expect(readRecipe(path)).rejects.toThrow(`${path}:${message}`);
  });

  it('refuse datasets that there are not', async () => {
    await writeFile(path, recipe('{dataset: cocostuf}'));
    await expect(readRecipe(path)).rejects.toThrow("did you mean 'cocostuff'?");
  });
});

describe('files and names of recipes', () => {
  it('can be given instead of those in the recipe', async () => {
    await writeFile(path, 'name: t\nsources: [{name: a, file: a.npy, rows: names, names: n.txt}]\n');
    const { sources } = await readRecipe(path, { files: { a: 'else/b.npy' } });
    expect(sources).toMatchObject([{ path: 'else/b.npy', label: 'else/b.npy', names: join(folder, 'n.txt') }]);
    await expect(readRecipe(path, { files: { b: 'x' } })).rejects.toThrow("no source is called 'b'");
  });

  it('of the project can all be read', async () => {
    const names = (await readdir(recipes)).filter((file) => file.endsWith('.yaml'));
    expect(names.length).toBeGreaterThan(10);
    for (const file of names) expect((await readRecipe(join(recipes, file))).name).toBe(file.slice(0, -'.yaml'.length));
  });

  it('are found by name', async () => {
    expect(await recipePath('voc12-official')).toBe(join(recipes, 'voc12-official.yaml'));
    expect(await recipePath('my/own.yaml')).toBe('my/own.yaml');
    await expect(recipePath('voc12-oficial')).rejects.toThrow("did you mean 'voc12-official'?");
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

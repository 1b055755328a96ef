import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildClassTable, writeClassTable } from '@unseen/embeddings';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../../tests/helpers/temporary-folder.ts';
import { describeNewClasses, extendClasses, vectorsOfNames } from './extension.ts';

const classes = [
  { id: 1, name: 'cat', color: [1, 1, 1] },
  { id: 2, name: 'dog', color: [2, 2, 2] },
  { id: 7, name: 'bird', color: [7, 7, 7] },
] as const;
const split = { seen: [1], unseen: [2] };

test('new classes stand behind all others, with the id of the dataset or a free one', () => {
  const added = describeNewClasses(['bird', 'zebra', 'okapi'], { split, classes });
  expect(added.map(({ id }) => id)).toEqual([7, 8, 9]);
  expect(added[0].color).toEqual([7, 7, 7]);
  const extended = extendClasses(split, classes, { classes: added });
  expect(extended.split).toEqual({ seen: [1], unseen: [2, 7, 8, 9] });
  expect(extended.classes.map(({ name }) => name)).toEqual(['cat', 'dog', 'bird', 'zebra', 'okapi']);
});

test('no new class gets the value that means unlabelled', () => {
  const last = [...classes, { id: 254, name: 'last', color: [0, 0, 0] as const }];
  expect(describeNewClasses(['zebra'], { split, classes: last })[0].id).toBe(256);
});

test('a class that the run knows, one named twice and a taken id are refused', () => {
  expect(() => describeNewClasses(['dog'], { split, classes })).toThrow("knows the class 'dog' already");
  expect(() => describeNewClasses(['emu', 'emu'], { split, classes })).toThrow("'emu' is named twice");
  const taken = [{ id: 7, name: 'emu', color: [0, 0, 0] as [number, number, number] }];
  expect(() => extendClasses(split, classes, { classes: taken })).toThrow("which is 'bird'");
});

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, 'words.vec'), '3 2\ncat 3 4\ndog 0 2\nzebra 5 0\n');
  await writeFile(join(folder, 'other.vec'), '1 2\nokapi 0 -9\n');
  await writeFile(join(folder, 'wide.vec'), '1 3\nokapi 1 2 3\n');
});

const recipe = (names: readonly string[]) => ({
  name: 'words',
  sources: [{ name: 'words', path: join(folder, 'words.vec') }],
  classes: names.map((name, id) => ({ id, name })),
});
const known = async () => ({ table: await buildClassTable(recipe(['cat', 'dog'])), recipe: recipe(['cat', 'dog']) });

test('vectors come from the table, then from the given files, then from the files of the table', async () => {
  const given = [join(folder, 'other.vec')];
  expect(await vectorsOfNames(['dog', 'zebra'], await known())).toEqual([Float32Array.of(0, 1), Float32Array.of(1, 0)]);
  expect(await vectorsOfNames(['okapi', 'cat'], await known(), given)).toEqual([
    Float32Array.of(0, -1),
    Float32Array.of(0.6, 0.8),
  ]);
});

test('given files may be binary, and names of several words follow the rule of the table', async () => {
  const binary = join(folder, 'binary.bin');
  const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
  const words = { polar: [8, 0], bear: [0, 6], 'polar-bear': [0, -1] };
  const entries = Object.entries(words).map(([word, vector]) => [Buffer.from(`${word} `), floats(...vector)]);
  await writeFile(binary, Buffer.concat([Buffer.from('3 2\n'), ...entries.flat()]));
  const { table, recipe } = await known();
  expect(await vectorsOfNames(['polar bear'], { table, recipe }, [binary])).toEqual([Float32Array.of(0, -1)]);
  const sums = { ...recipe, sources: [{ ...recipe.sources[0], multiWord: 'sum' as const }] };
  const [vector] = await vectorsOfNames(['polar bear'], { table, recipe: sums }, [binary]);
  expect(vector).toEqual(Float32Array.of(0.8, 0.6));
});

test('a stored table gives vectors by name', async () => {
  const path = join(folder, 'more.arrow');
  await writeClassTable(path, await buildClassTable(recipe(['zebra'])));
  expect(await vectorsOfNames(['zebra'], await known(), [path])).toEqual([Float32Array.of(1, 0)]);
  await expect(vectorsOfNames(['emu'], await known(), [path])).rejects.toThrow('no vector for: emu');
});

test('names without a vector and vectors of another length are refused', async () => {
  await expect(vectorsOfNames(['zebro'], await known())).rejects.toThrow("near: 'zebra'");
  await expect(vectorsOfNames(['okapi'], await known(), [join(folder, 'wide.vec')])).rejects.toThrow('have 3 numbers');
  const { table } = await known();
  await expect(vectorsOfNames(['zebra'], { table })).rejects.toThrow('files that have such vectors');
});

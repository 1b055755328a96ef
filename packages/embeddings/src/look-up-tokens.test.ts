import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../tests/helpers/temporary-folder.ts';
import { lookUpClasses } from './look-up.ts';
import type { VectorSource } from './vector-source.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, 'words.vec');
  await writeFile(path, 'hot 3 0\ndog 0 4\nhotdog 1 1\nt-shirt 2 2\nconcrete 5 5\n');
});

const source = (settings: Partial<VectorSource> = {}): VectorSource => ({
  name: 'words',
  path,
  label: 'words.vec',
  ...settings,
});
const named = (...names: string[]) => names.map((name, id) => ({ id, name }));

test('names of several words are looked up by their spellings, or are sums where the source says so', async () => {
  const classes = named('hot dog', 'hot-dog', 'dog');
  const spelled = await lookUpClasses(source(), classes);
  expect(spelled.rows.map((row) => [row?.rule, row?.tokens])).toEqual([
    ['joined', ['hotdog']],
    ['unhyphenated', ['hotdog']],
    ['exact', ['dog']],
  ]);
  const summed = await lookUpClasses(source({ multiWord: 'sum' }), classes);
  expect(summed.rows.map((row) => [row?.rule, row?.tokens])).toEqual([
    ['sum', ['hot', 'dog']],
    ['sum', ['hot', 'dog']],
    ['exact', ['dog']],
  ]);
  expect(summed.rows[0]?.vector).toEqual(Float32Array.of(0.6, 0.8));
});

test('a list of tokens is the sum of exactly these', async () => {
  const classes = [
    { id: 0, name: 'sausage', tokens: { words: ['hot', 'dog'] } },
    { id: 1, name: 'shirt', tokens: { words: ['t-shirt'] } },
  ];
  const { rows } = await lookUpClasses(source(), classes);
  expect(rows.map((row) => [row?.rule, row?.tokens])).toEqual([
    ['sum', ['hot', 'dog']],
    ['exact', ['t-shirt']],
  ]);
});

test('what is missing names the words that are, with near matches', async () => {
  const { rows, missing } = await lookUpClasses(source(), named('dog', 'wall-concret', 'zzz'));
  expect(rows.map((row) => row?.rule)).toEqual(['exact', undefined, undefined]);
  expect(missing).toEqual([
    "'wall-concret' in words.vec (no 'wall'; no 'concret', near: 'concrete')",
    "'zzz' in words.vec",
  ]);
});

test('settings that do nothing are refused', async () => {
  await expect(lookUpClasses(source({ subwords: true }), named('dog'))).rejects.toThrow(
    /words.vec has no subwords; expected a binary fastText model/,
  );
  await expect(lookUpClasses(source({ rows: 'ids', subwords: true }), named('hot'))).rejects.toThrow(
    "combines 'subwords' with 'rows: ids'",
  );
});

const MODELS = join(
  process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../../shared'),
  'data/wordvec/fasttext',
);

test.skipIf(!existsSync(MODELS))(
  'a fastText model knows other words by their n-grams, where the source says so (skipped without ../shared)',
  async () => {
    const model = { name: 'lee', path: join(MODELS, 'lee_fasttext_new.bin'), label: 'lee' };
    const { vectors } = JSON.parse(await readFile(join(MODELS, 'reference_vectors.json'), 'utf8'))[
      'lee_fasttext_new.bin'
    ];
    const classes = named('hundred', 'aeroplane');
    const { rows } = await lookUpClasses({ ...model, subwords: true }, classes);
    expect(rows.map((row) => row?.rule)).toEqual(['exact', 'subwords']);
    classes.forEach(({ name }, i) => {
      vectors[name].vector.forEach((value: number, k: number) => {
        expect(Math.abs(rows[i]!.vector[k] - value)).toBeLessThan(1e-5);
      });
    });
    expect((await lookUpClasses(model, classes)).missing).toEqual(["'aeroplane' in lee"]);
    const [sum] = (await lookUpClasses({ ...model, subwords: true }, named('hundred aeroplane'))).rows;
    expect(sum).toMatchObject({ rule: 'subwords', tokens: ['hundred', 'aeroplane'] });
    expect(Math.hypot(...sum!.vector)).toBeCloseTo(1, 5);
  },
);

test('accents are the same as one character and as two, and a later damaged line does not hide what is missing', async () => {
  const accented = join(folder, 'accented.vec');
  await writeFile(accented, 'caf\u00e9 1 2\nco\u0302te 3 4\noops 1\n');
  const { rows } = await lookUpClasses(source({ path: accented, limit: 2 }), named('cafe\u0301', 'c\u00f4te'));
  expect(rows.map((row) => row?.vector)).toEqual([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
  const { missing } = await lookUpClasses(source({ path: accented }), named('cofe'));
  expect(missing).toEqual([expect.stringContaining("'cofe' in words.vec")]);
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildClassTable, type VectorSource } from '@unseen/embeddings';
import { describe, expect, test } from 'vitest';

const DATA = join(process.env.UNSEEN_SHARED ?? join(import.meta.dirname, '../../../shared'), 'data');
const present = existsSync(join(DATA, 'wordvec/classes'));
if (!present) process.stderr.write(`no published class vectors under ${DATA}: tests are skipped\n`);

/** Where the published tables lie: the authors' pickles and arrays, and the same as text. */
const FILES: Readonly<Record<string, (dataset: string, source: string) => string>> = {
  pkl: (dataset, source) => join(DATA, `wordvec/classes/${dataset}/${source}.pkl`),
  npy: (dataset, source) => join(DATA, `wordvec/classes/${dataset}/${source}.npy`),
  vec: (dataset, source) => join(DATA, `wordvectors/${dataset}.${source}.vec`),
};

/** Class; first three numbers of the fastText half, first three of the word2vec half, after joint normalisation. */
const GOLDEN = [
  ['voc12', 1, 'aeroplane', [0.084189, -0.035884, -0.000447], [0.039011, -0.046227, -0.037207]],
  ['voc12', 20, 'tv', [-0.05893, 0.031571, -0.015777], [-0.046056, 0.029146, 0.002878]],
  ['context', 8, 'cat', [-0.026173, -0.018098, 0.019967], [0.002376, 0.039337, -0.054959]],
  ['context', 10, 'cow', [0.013596, -0.012793, -0.060153], [0.035381, -0.014043, -0.02918]],
  ['cocostuff', 20, 'cow', [0.011728, -0.011035, -0.05189], [0.043678, -0.017336, -0.036023]],
  ['cocostuff', 156, 'sky-other', [-0.008632, -0.000371, 0.031442], [0.002748, -0.022504, -0.01535]],
] as const;

describe.skipIf(!present).each(Object.keys(FILES))('published class vectors from .%s', (kind) => {
  test.each(['voc12', 'context', 'cocostuff'])('%s', async (dataset) => {
    const golden = GOLDEN.filter(([of]) => of === dataset);
    const sources = ['fasttext', 'word2vec'].map((name): VectorSource => {
      return { name, path: FILES[kind](dataset, name), rows: 'ids' };
    });
    const classes = golden.map(([, id, name]) => ({ id, name }));
    const { vectors, dimension } = await buildClassTable({ name: dataset, sources, classes, normalize: 'joint' });
    expect(dimension).toBe(600);
    golden.forEach(([, , , fasttext, word2vec], row) => {
      const found = [...vectors[row].subarray(0, 3), ...vectors[row].subarray(300, 303)];
      [...fasttext, ...word2vec].forEach((value, i) => {
        expect(Math.abs(found[i] - value)).toBeLessThan(6e-7);
      });
    });
  });
});

describe.skipIf(!present)('the same table in three formats', () => {
  test('gives the same vectors, whatever the normalisation', async () => {
    for (const normalize of ['none', 'joint', 'parts'] as const) {
      const tables = Object.values(FILES).map((file) => {
        const sources = ['fasttext', 'word2vec'].map((name): VectorSource => {
          return { name, path: file('context', name), rows: 'ids' };
        });
        return buildClassTable({ name: 'context', sources, classes: [{ id: 33, name: 'ceiling' }], normalize });
      });
      const [[first], ...others] = (await Promise.all(tables)).map(({ vectors }) => vectors);
      for (const [other] of others) {
        expect(Math.max(...other.map((value, i) => Math.abs(value - first[i])))).toBeLessThan(1e-7);
      }
    }
  });

  test("ZS3Net's tables are those of the text files", async () => {
    const pairs = [
      ['norm_embed_arr_300.pkl', 'voc12.zs3-word2vec.vec', { id: 14, name: 'motorbike' }],
      ['pascalcontext_class_w2c.npy', 'context60.zs3-word2vec.vec', { id: 10, name: 'cow' }],
    ] as const;
    for (const [array, text, one] of pairs) {
      const build = (path: string) =>
        buildClassTable({ name: 't', sources: [{ name: 'w', path, rows: 'ids' }], classes: [one], normalize: 'none' });
      const [a, b] = [
        await build(join(DATA, 'wordvec/classes/zs3', array)),
        await build(join(DATA, 'wordvectors', text)),
      ];
      expect(Math.max(...a.vectors[0].map((value, i) => Math.abs(value - b.vectors[0][i])))).toBeLessThan(1e-6);
    }
  });
});

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildClassTable,
  normalized,
  readRecipe,
  readRowTable,
  type TableClass,
  type TableRecipe,
  wordsOf,
} from '@unseen/embeddings';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const DATA = join(process.env.UNSEEN_SHARED ?? join(ROOT, '../shared'), 'data');
const present = existsSync(join(DATA, 'wordvec/classes'));

/** Recipes of the official downloads, and the published tables that they are to give. */
const TABLES = {
  'voc12-official': 'voc12',
  'context-official': 'context',
  'coco-stuff-official': 'cocostuff',
} as const;
type Recipe = keyof typeof TABLES;
const RECIPES = Object.keys(TABLES) as Recipe[];
const SOURCES = ['fasttext', 'word2vec'];

/** Without the downloads, the tables themselves tell which rows are of one token, and which are sums of others. */
describe.skipIf(!present)('tokens of the official recipes against the published tables (skipped without them)', () => {
  const recipes = new Map<Recipe, TableRecipe>();
  const rows = new Map<string, readonly Float32Array[]>();
  beforeAll(async () => {
    for (const name of RECIPES) {
      recipes.set(name, await readRecipe(join(ROOT, 'embeddings', `${name}.yaml`)));
      for (const source of SOURCES) {
        const path = join(DATA, 'wordvec/classes', TABLES[name], `${source}.npy`);
        rows.set(`${name}/${source}`, (await readRowTable({ name: source, path })).rows);
      }
    }
  });
  const rowOf = (recipe: Recipe, source: string, id: number) => rows.get(`${recipe}/${source}`)![id];
  const classesOf = (recipe: Recipe) => recipes.get(recipe)!.classes!;
  const tokensOf = ({ name, tokens }: TableClass, source: string) => wordsOf(tokens?.[source] ?? name);
  const everyRow = (source: string) =>
    RECIPES.flatMap((recipe) =>
      classesOf(recipe).map((one) => ({
        tokens: tokensOf(one, source),
        row: rowOf(recipe, source, one.id),
        where: `${recipe} ${one.name}`,
      })),
    );

  test.each(SOURCES)('%s: rows are the same where their tokens are, and nowhere else', (source) => {
    const all = everyRow(source);
    const wrong: string[] = [];
    let same = 0;
    for (const [i, a] of all.entries()) {
      for (const b of all.slice(i + 1)) {
        const isSame = cosine(a.row, b.row) > 1 - 1e-6;
        if (isSame) same++;
        if (isSame !== (a.tokens.join(' ') === b.tokens.join(' '))) wrong.push(`${a.where}, ${b.where}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(same).toBeGreaterThan(50);
  });

  test.each(SOURCES)('%s: raw vectors of Context build the rows of VOC and COCO-Stuff', async (source) => {
    // The one table of raw vectors, by the tokens of its recipe. What the sums with 'other' leave over is that token.
    const vectors = new Map(
      classesOf('context-official').map((one) => [tokensOf(one, source)[0], rowOf('context-official', source, one.id)]),
    );
    vectors.set('background', rowOf('context-official', source, 0));
    const coco = (name: string) =>
      rowOf('coco-stuff-official', source, classesOf('coco-stuff-official').find((one) => one.name === name)!.id);
    vectors.set(
      'other',
      commonAddend(coco('sky-other'), vectors.get('sky')!, coco('wall-other'), vectors.get('wall')!),
    );
    for (const [recipe, least] of [
      ['voc12-official', 19],
      ['coco-stuff-official', 29],
    ] as const) {
      const has = (one: TableClass) => tokensOf(one, source).every((token) => vectors.has(token));
      const classes = classesOf(recipe).filter(has);
      expect(classes.length).toBeGreaterThanOrEqual(least);
      const settings = recipes.get(recipe)!.sources.find(({ name }) => name === source)!;
      const { multiWord } = settings;
      const table = await buildClassTable({
        name: recipe,
        sources: [{ name: source, vectors, origin: 'context', multiWord }],
        classes,
      });
      const furthest = classes.map((one, i) =>
        Math.max(...table.vectors[i].map((value, k) => Math.abs(value - rowOf(recipe, source, one.id)[k]))),
      );
      expect(Math.max(...furthest)).toBeLessThan(1e-6);
    }
  });

  test('word2vec: sums of known words, lengths left open', async () => {
    const words = await readThousandWords();
    for (const [name, tokens] of [
      ['hot dog', ['hot', 'dog']],
      ['stop sign', ['stop', 'sign']],
      ['wine glass', ['wine', 'glass']],
      ['playingfield', ['playing', 'field']],
      ['food-other', ['food', 'other']],
    ] as const) {
      const one = classesOf('coco-stuff-official').find((other) => other.name === name)!;
      expect(tokensOf(one, 'word2vec')).toEqual(tokens);
      const row = normalized(rowOf('coco-stuff-official', 'word2vec', one.id));
      const [a, b] = tokens.map((token) => words.get(token)!);
      expect(distanceToPlane(row, a, b)).toBeLessThan(1e-5);
      expect(distanceToPlane(row, a, words.get('said')!)).toBeGreaterThan(0.1);
    }
  });
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Distance of a point from the plane of two directions. */
function distanceToPlane(point: Float64Array, a: Float32Array, b: Float32Array): number {
  const [u, w] = [normalized(a), normalized(b)];
  const across = normalized(w.map((value, i) => value - dot(u, w) * u[i]));
  const [x, y] = [dot(point, u), dot(point, across)];
  return Math.hypot(...point.map((value, i) => value - x * u[i] - y * across[i]));
}

/** The y with s·p = a + y and t·q = b + y for some numbers s and t, by least squares. */
function commonAddend(p: Float32Array, a: Float32Array, q: Float32Array, b: Float32Array): Float32Array {
  const difference = Float64Array.from(a, (value, i) => value - b[i]);
  const [pp, pq, qq] = [dot(p, p), dot(p, q), dot(q, q)];
  const [pd, qd] = [dot(p, difference), dot(q, difference)];
  const s = (pd * qq - qd * pq) / (pp * qq - pq * pq);
  return Float32Array.from(p, (value, i) => s * value - a[i]);
}

/** A thousand words of GoogleNews at unit length; the file is a script with a comma too many. */
async function readThousandWords(): Promise<Map<string, Float32Array>> {
  const text = await readFile(join(DATA, 'wordvec/other/wordvecs1000.js'), 'utf8');
  const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1).replace(/,\s*}$/, '}');
  const words = Object.entries(JSON.parse(json) as Record<string, number[]>);
  return new Map(words.map(([word, vector]) => [word, Float32Array.from(vector)]));
}

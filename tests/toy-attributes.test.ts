import { join } from 'node:path';
import { TOY_CLASSES, TOY_SPLIT, toyObjectKind } from '@unseen/data';
import { buildClassTable, readRecipe } from '@unseen/embeddings';
import { expect, test } from 'vitest';

const { names, ids, dimension, vectors } = await buildClassTable(
  await readRecipe(join(import.meta.dirname, '../embeddings/toy-attributes.yaml')),
);

function cosine(a: number, b: number): number {
  const [u, v] = [vectors[a], vectors[b]];
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
}

function sharedAttributes(a: number, b: number): number {
  const [one, other] = [toyObjectKind(names[a]), toyObjectKind(names[b])];
  return Number(one.colour === other.colour) + Number(one.texture === other.texture);
}

test('the committed vectors are those of the classes of the dataset', () => {
  expect(names.map((name, i) => ({ id: ids[i], name }))).toEqual(TOY_CLASSES.map(({ id, name }) => ({ id, name })));
  expect(dimension).toBe(32);
});

test('no two classes have nearly the same vector', () => {
  const cosines = names.flatMap((_, a) => names.slice(0, a).map((_, b) => cosine(a, b)));
  expect(Math.max(...cosines)).toBeLessThan(0.8);
});

test('every unseen class is nearer to all classes that share an attribute with it than to any other', () => {
  for (const id of TOY_SPLIT.unseen) {
    const me = ids.indexOf(id);
    const others = TOY_SPLIT.seen.map((seen) => ids.indexOf(seen));
    const related = others.filter((other) => sharedAttributes(me, other) === 1).map((other) => cosine(me, other));
    const foreign = others.filter((other) => sharedAttributes(me, other) === 0).map((other) => cosine(me, other));
    expect(Math.min(...related), names[me]).toBeGreaterThan(Math.max(...foreign));
  }
});

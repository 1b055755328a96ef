import { describe, expect, it } from 'vitest';
import type { ClassTable } from './class-table.ts';
import { inspectClassTable } from './inspect-table.ts';
import { centred, cosines, quantile } from './similarity.ts';

/** A table of the given rows; `parts` are the numbers that each source gives. */
function tableOf(rows: Readonly<Record<string, readonly number[]>>, parts?: readonly number[]): ClassTable {
  const names = Object.keys(rows);
  const vectors = Object.values(rows).map((row) => Float32Array.from(row));
  const origin = { file: 'f', sha256: '0', tokens: ['t'], rule: 'exact' } as const;
  const own = (parts ?? [vectors[0].length]).map((dimension, i) => ({ ...origin, source: `s${i}`, dimension }));
  const old = [0, 1].map((i) => ({ ...origin, source: `s${i}` }));
  return {
    name: 'made up',
    names,
    ids: names.map((_, i) => 10 * i),
    dimension: vectors[0].length,
    vectors,
    provenance: names.map(() => (parts?.length === 0 ? old : own)),
  };
}

const kinds = (table: ClassTable, options = {}) =>
  inspectClassTable(table, options).warnings.map(({ kind, classes }) => [kind, ...classes]);

describe('inspectClassTable', () => {
  it('finds the nearest classes, with and without what all share', () => {
    const table = tableOf({ cat: [1, 0.1, 0], dog: [1, 0.2, 0], sky: [1, 0, 0.5] });
    const { classes, cosines: matrix } = inspectClassTable(table, { neighbours: 1 });
    expect(classes.map(({ nearest }) => nearest.map(({ name }) => name))).toEqual([['dog'], ['cat'], ['cat']]);
    const cosine = (1 + 0.02) / Math.hypot(1, 0.1) / Math.hypot(1, 0.2);
    expect(classes[0].nearest[0].cosine).toBeCloseTo(cosine, 6);
    expect(matrix[1]).toBeCloseTo(cosine, 6);
    expect(classes[2].nearest[0].cosine).toBeGreaterThan(0.8);
    expect(classes[2].nearest[0].centredCosine).toBeLessThan(-0.8);
  });

  it('puts the classes of a split in its order and tells the nearest seen one', () => {
    const table = tableOf({ a: [1, 0], b: [0.6, 0.8], c: [0, 1], d: [0.7, 0.7] });
    const { classes } = inspectClassTable(table, { split: { seen: [20, 0], unseen: [10] } });
    expect(classes.map(({ name, group, nearestSeen }) => [name, group, nearestSeen?.name])).toEqual([
      ['c', 'seen', 'a'],
      ['a', 'seen', 'c'],
      ['b', 'unseen', 'c'],
    ]);
    expect(() => inspectClassTable(table, { split: { seen: [0], unseen: [7] } })).toThrow(
      'has no rows for the classes 7',
    );
  });

  it('measures parts, and warns where one of them outweighs the others', () => {
    const even = tableOf(
      { a: [0.6, 0.8, 1, 0].map((x) => x / Math.SQRT2), b: [1, 0, 0, 1].map((x) => x / Math.SQRT2) },
      [2, 2],
    );
    expect(inspectClassTable(even).parts).toMatchObject([
      { source: 's0', start: 0, end: 2 },
      { source: 's1', start: 2, end: 4 },
    ]);
    expect(kinds(even)).toEqual([]);
    const uneven = tableOf({ a: [0.9, 0, Math.sqrt(0.19)], b: [0, 0.8, 0.6] }, [2, 1]);
    expect(inspectClassTable(uneven).classes[1].shares.map((share) => share.toFixed(2))).toEqual(['0.64', '0.36']);
    expect(inspectClassTable(uneven).warnings[0].message).toMatch(/s0 64 % to 81 %, s1 19 % to 36 %/);
    expect(kinds(uneven)).toEqual([['parts']]);
  });

  it('knows no parts of tables that do not tell them', () => {
    const old = inspectClassTable(tableOf({ a: [1, 0, 0, 0], b: [0, 1, 0, 0] }, []));
    expect(old.parts).toEqual([]);
    expect(old.warnings).toEqual([]);
  });

  it('warns of zeros, numbers that are none, lengths and rows that are the same', () => {
    expect(kinds(tableOf({ a: [0, 0], b: [1, 0] }))).toEqual([['zero', 'a'], ['length']]);
    expect(kinds(tableOf({ a: [Number.NaN, 1], b: [1, 0] }))[0]).toEqual(['not-finite', 'a']);
    expect(kinds(tableOf({ a: [1, 0], b: [0.8, 0.6], c: [1, 0] }))).toEqual([['duplicate', 'a', 'c']]);
    expect(kinds(tableOf({ a: [3, 4], b: [1, 0] }))).toEqual([['length']]);
    const [mean, rest] = [Math.sqrt(0.98), Math.sqrt(0.02)];
    const alike = tableOf({ a: [mean, rest, 0], b: [mean, 0, rest], c: [mean, -rest, 0], d: [mean, 0, -rest] });
    expect(inspectClassTable(alike).classes[0].nearest[0].cosine).toBeGreaterThan(0.97);
    expect(kinds(alike)).toEqual([]);
  });

  it('warns of unseen classes that are farther from all seen ones than these from each other', () => {
    const around = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const seen = Object.fromEntries([0, 40, 80, 120, 160].map((degrees) => [`seen ${degrees}`, around(degrees)]));
    const table = tableOf({ ...seen, near: around(20), far: around(270) });
    const split = { seen: [0, 10, 20, 30, 40], unseen: [50, 60] };
    expect(kinds(table, { split })).toEqual([['far', 'far']]);
    expect(kinds(table, { split: { seen: [0, 10, 20], unseen: [60] } })).toEqual([]);
  });
});

describe('similarity', () => {
  it('is 1 on the diagonal, symmetric, and 0 for zeros', () => {
    const all = cosines([Float32Array.of(3, 4), Float32Array.of(4, 3), Float32Array.of(0, 0)]);
    expect([...all].map((x) => Number(x.toFixed(12)))).toEqual([1, 0.96, 0, 0.96, 1, 0, 0, 0, 0]);
  });

  it('takes the mean of the directions off', () => {
    const [a, b] = centred([Float32Array.of(2, 0), Float32Array.of(0, 5)]);
    expect([...a]).toEqual([0.5, -0.5]);
    expect([...b]).toEqual([-0.5, 0.5]);
  });

  it('finds quantiles between numbers', () => {
    expect(quantile([4, 1, 2, 3], 0.5)).toBe(2.5);
    expect(quantile([7], 0.1)).toBe(7);
  });
});

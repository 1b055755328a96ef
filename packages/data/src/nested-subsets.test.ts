import { SeedTree } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nestedSubsets } from './nested-subsets.ts';

const idLists = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 40 });

test('smaller subsets are in larger ones, whatever the order of the list', () => {
  fc.assert(
    fc.property(idLists, fc.nat(5), fc.infiniteStream(fc.nat()), (ids, seed, numbers) => {
      const counts = [...numbers.take(4)].map((n) => 1 + (n % ids.length));
      const subsets = nestedSubsets(ids, { counts, seeds: new SeedTree(seed) });
      const shuffled = new SeedTree(seed + 9)
        .stream()
        .permutation(ids.length)
        .map((i) => ids[i]);
      expect(nestedSubsets(shuffled, { counts, seeds: new SeedTree(seed) })).toEqual(subsets);
      subsets.forEach(({ labelled, unlabelled }, i) => {
        expect(labelled).toHaveLength(counts[i]);
        expect([...labelled, ...unlabelled].sort()).toEqual(ids.toSorted());
        subsets.forEach((other, j) => {
          if (counts[j] < counts[i]) return;
          const larger = new Set(other.labelled);
          expect(labelled.every((id) => larger.has(id))).toBe(true);
        });
      });
    }),
  );
});

test('fractions are rounded down, as those of published lists', () => {
  const sizes = (total: number, fractions: readonly number[]) => {
    const ids = Array.from({ length: total }, (_, i) => `${i}`);
    return nestedSubsets(ids, { fractions, seeds: new SeedTree(0) }).map(({ labelled }) => labelled.length);
  };
  expect(sizes(10_582, [1 / 8, 1 / 4])).toEqual([1322, 2645]);
  expect(sizes(2975, [1 / 8, 1 / 4, 1 / 2])).toEqual([371, 743, 1487]);
  expect(sizes(9, [1 / 3, 2 / 3, 1])).toEqual([3, 6, 9]);
});

test('seeds choose different images, each as often as others', () => {
  const ids = Array.from({ length: 20 }, (_, i) => `id-${i}`);
  const chosen = new Map(ids.map((id) => [id, 0]));
  for (let seed = 0; seed < 400; seed++) {
    const [{ labelled }] = nestedSubsets(ids, { counts: [5], seeds: new SeedTree(seed) });
    for (const id of labelled) chosen.set(id, chosen.get(id)! + 1);
  }
  // 100 on average with a standard deviation of 8.7.
  for (const count of chosen.values()) expect(Math.abs(count - 100)).toBeLessThan(45);
});

test('impossible sizes and repeated ids', () => {
  const seeds = new SeedTree(0);
  for (const counts of [[0], [3], [1.5]]) {
    expect(() => nestedSubsets(['a', 'b'], { counts, seeds })).toThrow(/a subset of .* of 2 images/);
  }
  expect(() => nestedSubsets(['a', 'b'], { fractions: [1 / 3], seeds })).toThrow('a subset of 0.333');
  expect(() => nestedSubsets(['a', 'b', 'a'], { counts: [1], seeds })).toThrow("image 'a' is listed twice");
});

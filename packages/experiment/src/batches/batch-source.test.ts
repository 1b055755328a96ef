import { SeedTree } from '@unseen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BalancedDraws, type BatchSource, Draws, PairDraws, ZippedBatches } from './batch-source.ts';

const stream = (seed: number) => new SeedTree(seed).stream();
const itemLabels = fc.array(fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 });

/** What a source draws after its position was stored as JSON and put back into another one. */
function resumed<T>(make: () => { position: unknown; take(count: number): T }, before: number, count: number): [T, T] {
  const [one, other] = [make(), make()];
  for (let i = 0; i < before; i++) one.take(count);
  other.position = JSON.parse(JSON.stringify(one.position));
  return [one.take(count), other.take(count)];
}

test('draws: every index once an epoch, whole batches only, and the same after a stop', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.nat(), (count, batch, seed) => {
      fc.pre(batch <= count);
      const draws = new Draws(count, stream(seed));
      for (let epoch = 0; epoch < 2; epoch++) {
        const drawn = Array.from({ length: Math.floor(count / batch) }, () => draws.take(batch)).flat();
        expect(new Set(drawn).size).toBe(drawn.length);
        expect(drawn.every((i) => i < count)).toBe(true);
      }
      const [here, there] = resumed(() => new Draws(count, stream(seed)), 3, batch);
      expect(there).toEqual(here);
    }),
  );
});

test('pairs: two different items that share a class, or a lone one with itself', () => {
  fc.assert(
    fc.property(itemLabels, fc.nat(), (labels, seed) => {
      const shares = (a: number, b: number) => labels[a].some((one) => labels[b].includes(one));
      const pairs = new PairDraws({ labels, random: stream(seed) }).take(labels.length);
      expect(pairs.map(([first]) => first).sort()).toEqual(labels.map((_, i) => i).sort());
      for (const [first, second] of pairs) {
        expect(shares(first, second)).toBe(true);
        const hasPartner = labels.some((_, i) => i !== first && shares(first, i));
        expect(second === first).toBe(!hasPartner);
      }
      const [here, there] = resumed(() => new PairDraws({ labels, random: stream(seed) }), 2, 1);
      expect(there).toEqual(here);
    }),
  );
});

test('balanced draws: a rare class comes as often as a frequent one', () => {
  const labels = [[3], ...Array.from({ length: 99 }, () => [1])];
  const make = () => new BalancedDraws({ labels, random: stream(5) });
  const drawn = make().take(2000);
  const rare = drawn.filter((item) => item === 0).length / drawn.length;
  // Four standard deviations of a fair coin.
  expect(Math.abs(rare - 0.5)).toBeLessThan(0.045);
  const [here, there] = resumed(make, 4, 3);
  expect(there).toEqual(here);
  expect(() => new BalancedDraws({ labels: [[], []], random: stream(1) })).toThrow('no item shows a class');
});

test('zipped sources advance together, and their position is that of all', async () => {
  class Counter implements BatchSource<number> {
    position = 0;
    readonly by: number;
    constructor(by: number) {
      this.by = by;
    }
    async advance() {
      this.position += this.by;
    }
  }
  const zipped = new ZippedBatches({ labelled: new Counter(1), unlabelled: new Counter(3) });
  await zipped.advance();
  await zipped.advance();
  expect(zipped.position).toEqual({ labelled: 2, unlabelled: 6 });
  const other = new ZippedBatches({ labelled: new Counter(1), unlabelled: new Counter(3) });
  other.position = JSON.parse(JSON.stringify(zipped.position));
  await other.advance();
  expect([other.sources.labelled.position, other.sources.unlabelled.position]).toEqual([3, 9]);
});

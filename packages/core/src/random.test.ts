import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeedTree } from './random.ts';

describe('SeedTree', () => {
  it('gives the same numbers for the same path and others for another', () => {
    const numbers = (seed: number, name: string) => {
      const stream = new SeedTree(seed).child(name).stream();
      return Array.from({ length: 5 }, () => stream.bits());
    };
    expect(numbers(1, 'a')).toEqual(numbers(1, 'a'));
    expect(numbers(1, 'a')).not.toEqual(numbers(1, 'b'));
    expect(numbers(1, 'a')).not.toEqual(numbers(2, 'a'));
  });
});

describe('RandomStream', () => {
  it('continues where its stored state was', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, skipped) => {
        const stream = new SeedTree(seed).stream();
        for (let i = 0; i < skipped; i++) stream.uniform();
        const state = JSON.parse(JSON.stringify(stream.state));
        const expected = [stream.uniform(), stream.integer(10), ...stream.fillNormal(new Float32Array(3))];
        stream.state = state;
        expect([stream.uniform(), stream.integer(10), ...stream.fillNormal(new Float32Array(3))]).toEqual(expected);
      }),
    );
  });

  it('permutes', () => {
    const order = new SeedTree(3).stream().permutation(100);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
  });

  it('draws normal numbers with the moments and tails of N(0, 1)', () => {
    const n = 400_000;
    const x = new SeedTree(5).stream().fillNormal(new Float32Array(n));
    const moment = (k: number) => x.reduce((sum, v) => sum + v ** k, 0) / n;
    expect(moment(1)).toBeCloseTo(0, 2);
    expect(moment(2)).toBeCloseTo(1, 1.7);
    expect(Math.abs(moment(3))).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.06);
    const beyond = (t: number) => x.reduce((count, v) => count + (Math.abs(v) > t ? 1 : 0), 0) / n;
    expect(Math.abs(beyond(1) - 0.3173)).toBeLessThan(0.004);
    expect(Math.abs(beyond(2) - 0.0455)).toBeLessThan(0.002);
    expect(Math.abs(beyond(3.5) - 0.000465)).toBeLessThan(0.00015);
  });

  it('draws ones with the asked probability, on both halves of its bits', () => {
    for (const p of [0, 0.1, 0.5, 0.9, 1]) {
      const ones = new SeedTree(9).stream().fillBernoulli(new Uint8Array(100_001), p);
      const share = (parity: number) => ones.filter((_, i) => i % 2 === parity).reduce((a, b) => a + b, 0) / 50_000;
      expect(Math.abs(share(0) - p)).toBeLessThan(0.01);
      expect(Math.abs(share(1) - p)).toBeLessThan(0.01);
    }
  });
});

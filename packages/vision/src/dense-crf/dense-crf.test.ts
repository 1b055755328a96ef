import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelsFromScores, resizeScores } from '../score-grid.ts';
import { crfPresets, denseCrf, refineScores, unaryOfLabels, unaryOfProbabilities } from './dense-crf.ts';
import { exactFilter } from './exact-filter.ts';
import { latticeFilter } from './permutohedral-lattice.ts';

/** 3×4 pixels: two black columns, two of value 200. */
const image = { height: 3, width: 4, data: Uint8Array.from({ length: 36 }, (_, i) => (i % 12 < 6 ? 0 : 200)) };

describe('mean field', () => {
  const unary = unaryOfLabels([0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0], 2, 0.7);
  const second = (posterior: Float32Array) => Array.from({ length: 12 }, (_, pixel) => posterior[2 * pixel + 1]);

  test('two isolated labels after one iteration, exactly', () => {
    const got = second(denseCrf(image, unary, { ...crfPresets.irnet, iterations: 1, engine: 'exact' }));
    const expected = [
      0.00345, 0.00347, 0.05001, 0.23711, 0.00332, 0.00333, 0.21521, 0.05176, 0.00334, 0.00334, 0.04778, 0.05136,
    ];
    for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 5);
  });

  test('they vanish after ten', () => {
    const got = second(denseCrf(image, unary, { ...crfPresets.irnet, engine: 'exact' }));
    expect(Math.max(...got)).toBeLessThan(1e-4);
  });

  test('no iteration gives the probabilities back', () => {
    const probabilities = Float32Array.from({ length: 24 }, (_, i) => (i % 2 ? 0.25 : 0.75));
    const got = denseCrf(image, unaryOfProbabilities(probabilities), { terms: [], iterations: 0 });
    for (const [i, value] of probabilities.entries()) expect(got[i]).toBeCloseTo(value, 6);
  });

  test('each pixel has probabilities with sum 1', () => {
    const random = fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 36, maxLength: 36 });
    fc.assert(
      fc.property(random, fc.constantFrom('spnet', 'irnet', 'labelPenet'), (energies, preset) => {
        const posterior = denseCrf(image, Float32Array.from(energies), { ...crfPresets[preset], iterations: 3 });
        for (let pixel = 0; pixel < 12; pixel++) {
          expect(posterior[3 * pixel] + posterior[3 * pixel + 1] + posterior[3 * pixel + 2]).toBeCloseTo(1, 5);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('energies that do not fit the image and a single label are refused', () => {
    expect(() => denseCrf(image, new Float32Array(25), crfPresets.spnet)).toThrow('25 energies for an image of 3×4');
    expect(() => unaryOfLabels([0], 1, 0.7)).toThrow('at least 2');
  });
});

describe('refined scores', () => {
  const data = Float32Array.from({ length: 2 * 2 * 3 }, (_, i) => Math.sin(7 * i));
  const scores = { height: 2, width: 2, channels: 3, data };

  test('without pairwise terms the best channels are those of the interpolated scores, penalties included', () => {
    const none = { terms: [], iterations: 2 };
    const penalties = Float32Array.of(0.3, 0, 0);
    for (const grid of [scores, { ...scores, penalties }]) {
      expect(labelsFromScores(refineScores(image, grid, none), [3, 4])).toEqual(labelsFromScores(grid, [3, 4]));
    }
    const resized = resizeScores(scores, [3, 4]);
    expect(labelsFromScores(resized, [3, 4])).toEqual(labelsFromScores(scores, [3, 4]));
  });

  test('a strong term on equal colours makes each half of the photo one class', () => {
    const terms = [{ weight: 40, position: 50, color: 5 }];
    const refined = refineScores(image, scores, { terms, iterations: 5, engine: 'exact' });
    const labels = labelsFromScores(refined, [3, 4]);
    expect(new Set(labels.filter((_, i) => i % 4 < 2)).size).toBe(1);
    expect(new Set(labels.filter((_, i) => i % 4 >= 2)).size).toBe(1);
  });
});

describe('lattice', () => {
  test('filters linearly and near to the exact kernel, up to a factor', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer(), (dimension, seed) => {
        const random = mulberry(seed);
        const features = Float32Array.from({ length: 60 * dimension }, () => 3 * random());
        const values = Float32Array.from({ length: 120 }, random);
        const lattice = latticeFilter(features, dimension);
        const [ours, twice] = [
          lattice(values, 2),
          lattice(
            values.map((v) => 2 * v),
            2,
          ),
        ];
        const exact = exactFilter(features, dimension)(values, 2);
        for (const [i, value] of ours.entries()) expect(twice[i]).toBeCloseTo(2 * value, 2);
        expect(correlation(ours, exact)).toBeGreaterThan(0.8);
      }),
      { numRuns: 20 },
    );
  });

  test('points far from each other keep to themselves', () => {
    const got = latticeFilter(Float32Array.of(0, 0, 1000, -1000), 2)(Float32Array.of(1, 0), 1);
    expect(got[0]).toBeGreaterThan(0);
    expect(got[1]).toBe(0);
  });
});

function mulberry(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (x: Float32Array) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const dot = (x: Float32Array, mx: number, y: Float32Array, my: number) =>
    x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0);
  return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb));
}

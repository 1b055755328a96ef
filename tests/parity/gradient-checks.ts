import { SeedTree } from '@unseen/core';
import type { GradientSummary, GradientTolerance } from './fixture-file.ts';
import { sumsOf } from './sums.ts';

/** One number of a gradient: says what is wrong with it. */
export interface GradientCheck {
  readonly name: string;
  readonly problem: (got: Float32Array | undefined) => string | undefined;
}

/** Norm, sum and entries of a gradient, within the tolerances. */
export function gradientChecks(
  name: string,
  { shape, l2, sum, first = [], entry = first, flatIndex = first.map((_, i) => i) }: GradientSummary,
  { l2Rel, entryAbs = l2Rel }: GradientTolerance,
): GradientCheck[] {
  const size = shape?.reduce((a, b) => a * b, 1);
  const check = (
    what: string,
    of: (got: Float32Array) => number,
    expected: number,
    bound: (size: number) => number,
  ): GradientCheck => ({
    name,
    problem: (got) => {
      if (!got || got.length !== (size ?? got.length)) return `${got?.length} values, expected ${size}`;
      const value = of(got);
      return Math.abs(value - expected) <= bound(got.length) ? undefined : `${what} is ${value}, expected ${expected}`;
    },
  });
  return [
    check(
      'norm',
      (got) => Math.sqrt(sumsOf(got).squares),
      l2,
      () => l2Rel * l2,
    ),
    // A difference of norm l2Rel · l2 changes the sum by at most √size times as much.
    ...(sum === undefined
      ? []
      : [
          check(
            'sum',
            (got) => sumsOf(got).sum,
            sum,
            (size) => l2Rel * l2 * Math.sqrt(size),
          ),
        ]),
    ...flatIndex.map((index, i) =>
      check(
        `entry ${index}`,
        (got) => got[index],
        entry[i],
        (size) => entryAbs * Math.max(l2 / Math.sqrt(size), Math.abs(entry[i])),
      ),
    ),
  ];
}

/** Relative size of what {@link jittered} adds: some roundings of float32. */
const SIZE = 2e-6;

/** The values as they are in attempt 0, changed by rounding errors of their own in any other. */
export function jittered(values: Float32Array, attempt: number, name: string): Float32Array {
  if (attempt === 0) return values;
  const random = new SeedTree(attempt).child(name).stream();
  return values.map((x) => x * (1 + SIZE * random.between(-1, 1)));
}

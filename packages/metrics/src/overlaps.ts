import { type RunLengths, UserError } from '@unseen/core';

/** A box [x0, y0, x1, y1]. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/**
 * Intersection over union of each mask of `a` with each of `b`, all of one image: [a · b]. Two empty masks overlap by 0.
 * Pixels of `ignore` (void) are left out of both sides; without it, void pixels that a prediction covers count in the
 * union. Masks of different sizes are a {@link UserError}.
 *
 * @example
 * import { maskOverlaps } from '@unseen/metrics';
 *
 * // Pixels 0 and 1 against pixels 1 and 2, of four.
 * maskOverlaps([[0, 2, 2]], [[1, 2, 1]]); // → Float64Array.of(1 / 3)
 */
export function maskOverlaps(
  a: readonly RunLengths[],
  b: readonly RunLengths[],
  ignore: RunLengths = [],
): Float64Array {
  const masks = [...a, ...b, ...(ignore.length > 0 ? [ignore] : [])];
  const sizes = new Set(masks.map((runs) => runs.reduce((sum, run) => sum + run, 0)));
  if (sizes.size > 1) {
    throw new UserError({ given: `masks of ${[...sizes].join(' and ')} pixels`, expected: 'masks of one image' });
  }
  const sets = (list: readonly RunLengths[]) => list.map(intervalsOf).map((mask) => without(mask, intervalsOf(ignore)));
  const [left, right] = [sets(a), sets(b)];
  return table(left, right, (one, other) => {
    const common = intersection(one, other);
    return ratio(common, lengthOf(one) + lengthOf(other) - common);
  });
}

/**
 * Intersection over union of each box of `a` with each of `b`: [a · b]. `inclusive`: the last coordinates are pixels of
 * the box, as in the files and the evaluation of Pascal VOC, so that a box is x1 - x0 + 1 wide. Default false.
 */
export function boxOverlaps(
  a: readonly Box[],
  b: readonly Box[],
  { inclusive = false }: { readonly inclusive?: boolean } = {},
): Float64Array {
  const extra = inclusive ? 1 : 0;
  const side = (from: number, to: number) => Math.max(0, to - from + extra);
  const area = ([x0, y0, x1, y1]: Box) => side(x0, x1) * side(y0, y1);
  return table(a, b, (one, other) => {
    const common =
      side(Math.max(one[0], other[0]), Math.min(one[2], other[2])) *
      side(Math.max(one[1], other[1]), Math.min(one[3], other[3]));
    return ratio(common, area(one) + area(other) - common);
  });
}

const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : 0);

function table<T>(a: readonly T[], b: readonly T[], overlap: (one: T, other: T) => number): Float64Array {
  const out = new Float64Array(a.length * b.length);
  a.forEach((one, i) => {
    b.forEach((other, j) => {
      out[i * b.length + j] = overlap(one, other);
    });
  });
  return out;
}

/** Ends of the runs inside a mask, in ascending order: from, to, from, to, … */
type Intervals = readonly number[];

function intervalsOf(runs: RunLengths): Intervals {
  const ends: number[] = [];
  let at = 0;
  runs.forEach((run, i) => {
    if (i % 2 === 1 && run > 0) ends.push(at, at + run);
    at += run;
  });
  return ends;
}

function lengthOf(intervals: Intervals): number {
  let sum = 0;
  for (let i = 0; i < intervals.length; i += 2) sum += intervals[i + 1] - intervals[i];
  return sum;
}

function intersection(a: Intervals, b: Intervals): number {
  let sum = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    sum += Math.max(0, Math.min(a[i + 1], b[j + 1]) - Math.max(a[i], b[j]));
    if (a[i + 1] < b[j + 1]) i += 2;
    else j += 2;
  }
  return sum;
}

function without(mask: Intervals, removed: Intervals): Intervals {
  const left: number[] = [];
  for (let i = 0; i < mask.length; i += 2) {
    let from = mask[i];
    for (let j = 0; j < removed.length && removed[j] < mask[i + 1]; j += 2) {
      if (removed[j + 1] <= from) continue;
      if (removed[j] > from) left.push(from, removed[j]);
      from = removed[j + 1];
    }
    if (from < mask[i + 1]) left.push(from, mask[i + 1]);
  }
  return left;
}

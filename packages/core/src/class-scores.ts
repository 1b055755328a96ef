/**
 * Softmax over each row of `scores` [rows · classes], in double precision; `out` may be `scores` itself.
 *
 * @example
 * import { softmax } from '@unseen/core';
 *
 * softmax([0, 0, 1, 1], 2, new Float64Array(4)); // → Float64Array.of(0.5, 0.5, 0.5, 0.5)
 */
export function softmax<A extends Float32Array | Float64Array>(scores: ArrayLike<number>, classes: number, out: A): A {
  for (let start = 0; start < scores.length; start += classes) {
    const end = start + classes;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = start; i < end; i++) if (scores[i] > highest) highest = scores[i];
    let sum = 0;
    for (let i = start; i < end; i++) {
      const power = Math.exp(scores[i] - highest);
      out[i] = power;
      sum += power;
    }
    for (let i = start; i < end; i++) out[i] /= sum;
  }
  return out;
}

/** Index of the largest value; the first one if several are equal. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

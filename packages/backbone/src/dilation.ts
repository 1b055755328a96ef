import { UserError } from '@unseen/core';

/** One layer or stage after strides have been exchanged for dilation. */
export interface StridePlan {
  readonly stride: number;
  /** Of the layer that had the stride: the dilation before it. */
  readonly entryDilation: number;
  /** Of everything behind it. */
  readonly dilation: number;
  /** Input pixels per position behind it. */
  readonly totalStride: number;
}

/**
 * Keeps a grid of `outputStride`: once it is reached, every further stride becomes 1 and multiplies the dilation of
 * what comes behind it, so that each filter sees the same positions as before. Other strides than those that the network
 * can have are a `UserError`.
 */
export function planStrides(strides: readonly number[], inputStride: number, outputStride?: number): StridePlan[] {
  const natural = strides.reduce((a, b) => a * b, inputStride);
  const wanted = outputStride ?? natural;
  const possible = [...new Set(strides.map((_, i) => strides.slice(0, i + 1).reduce((a, b) => a * b, inputStride)))];
  if (inputStride !== wanted && !possible.includes(wanted)) {
    throw new UserError({
      given: `output stride ${wanted}`,
      expected: `one of: ${[...new Set([inputStride, ...possible])].join(', ')}`,
    });
  }
  let total = inputStride;
  let dilation = 1;
  return strides.map((stride) => {
    const entryDilation = dilation;
    const kept = total * stride <= wanted;
    if (kept) total *= stride;
    else dilation *= stride;
    return { stride: kept ? stride : 1, entryDilation, dilation, totalStride: total };
  });
}

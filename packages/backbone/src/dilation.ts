import { UserError } from '@unseen/core';

/** A layer or stage after strides have been replaced by dilation. */
export interface StridePlan {
  readonly stride: number;
  /** Dilation of the layer that had the stride: that of the layers before it. */
  readonly entryDilation: number;
  /** Dilation of the layers after it. */
  readonly dilation: number;
  /** Input pixels per position after it. */
  readonly totalStride: number;
}

/**
 * Keeps a grid of `outputStride`: once it is reached, every further stride becomes 1 and multiplies the dilation of the
 * layers after it, so that each filter sees the same positions as before. Output strides that the network cannot have
 * are a `UserError`.
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

/**
 * Dilation of a stage whose stride has been removed. `exact`: each convolution sees the same positions as before; the
 * one that had the stride has the dilation of those before it (torchvision). `uniform`: all of them have the same
 * dilation, including the first (DeepLab's authors, ZS3Net, ELN). `none`: no dilation (IRNet, ELN's error network).
 */
export type DilationRule = 'exact' | 'uniform' | 'none';

/** Dilations in one block of a stage: of the convolution that has (or had) the stride, and of the others. */
export interface BlockDilation {
  readonly entry: number;
  readonly inner: number;
}

/** Dilations of the blocks of a stage. `multiGrid` has one factor per block (Chen et al. 2017, §3.1.1). */
export function dilateBlocks(
  { entryDilation, dilation }: StridePlan,
  depth: number,
  options: { readonly rule: DilationRule; readonly multiGrid?: readonly number[] },
): BlockDilation[] {
  const { rule, multiGrid = Array<number>(depth).fill(1) } = options;
  if (multiGrid.length !== depth) {
    throw new UserError({
      given: `a multi-grid with ${multiGrid.length} factors`,
      expected: `one factor for each of the ${depth} blocks in the last stage`,
    });
  }
  if (rule === 'none' && multiGrid.some((factor) => factor !== 1)) {
    throw new UserError({ given: 'a multi-grid without dilation', expected: "dilation 'uniform' or 'exact'" });
  }
  return multiGrid.map((factor, i) => {
    if (rule === 'none') return { entry: 1, inner: 1 };
    const before = rule === 'exact' && i === 0 ? entryDilation : dilation;
    return { entry: factor * before, inner: factor * dilation };
  });
}

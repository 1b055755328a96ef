import type { Ops } from '@unseen/tensor';

/** 1 where the integer label [...] is one of the classes 0 … classes-1, else 0; shape [...]. */
export function labelMask<V>(ops: Ops<V>, labels: V, classes: number): V {
  return ops.sum(ops.oneHot(labels, classes), [-1]);
}

/**
 * Mean of `x` over the positions where `mask` is 1, and over its channels; 0 where the mask is empty. The mask has the
 * shape of `x`, or that shape without the last axis, or with 1 there.
 */
export function maskedMean<V>(ops: Ops<V>, x: V, mask: V): V {
  const shape = ops.shape(x);
  const maskShape = ops.shape(mask);
  const aligned = maskShape.length === shape.length - 1 ? ops.reshape(mask, [...maskShape, 1]) : mask;
  const repeats = shape.at(-1)! / (ops.shape(aligned).at(-1) ?? 1);
  const count = ops.maximum(ops.mul(ops.sum(mask), ops.scalar(repeats)), ops.scalar(1));
  return ops.div(ops.sum(ops.mul(x, aligned)), count);
}

import type { Ops } from '@unseen/tensor';

/** Drops elements with probability `rate` and scales the others by 1 / (1 - rate); the identity outside training. */
export function dropout<V>(ops: Ops<V>, x: V, rate: number): V {
  if (!ops.training || rate === 0) return x;
  const kept = ops.bernoulli(ops.shape(x), 1 - rate);
  return ops.mul(x, ops.mul(kept, ops.scalar(1 / (1 - rate))));
}

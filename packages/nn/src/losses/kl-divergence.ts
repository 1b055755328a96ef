import type { Ops } from '@unseen/tensor';
import { maskedMean } from './masked.ts';

/**
 * KL(N(μ, exp(logVariance)) ‖ N(0, 1)): -½ · mean[1 + logVariance - μ² - exp(logVariance)] over the masked positions
 * and all channels; 0 where the mask is empty. μ and logVariance [..., channels], mask [...].
 */
export function klDivergence<V>(ops: Ops<V>, mu: V, logVariance: V, mask: V): V {
  const inner = ops.sub(ops.sub(ops.add(logVariance, ops.scalar(1)), ops.square(mu)), ops.exp(logVariance));
  return ops.mul(maskedMean(ops, inner, mask), ops.scalar(-0.5));
}

import type { Ops } from '@unseen/tensor';

/**
 * Multi-label soft margin loss: binary cross-entropy of each class with logits, averaged over classes and positions.
 * `logits` and `targets`, which are 0 or 1, have the same shape [..., K].
 */
export function multiLabelSoftMargin<V>(ops: Ops<V>, logits: V, targets: V): V {
  return ops.mean(ops.sub(ops.softplus(logits), ops.mul(logits, targets)));
}

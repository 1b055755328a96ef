import type { Ops } from '@unseen/tensor';

/**
 * Mean of -log softmax(logits)[label] over the positions whose label is one of the K classes; others (255, -1) are
 * ignored, and 0 when there are none. `logits` [..., K], integer `labels` [...].
 */
export function crossEntropy<V>(ops: Ops<V>, logits: V, labels: V): V {
  const classes = ops.shape(logits).at(-1)!;
  const target = ops.oneHot(labels, classes);
  const count = ops.maximum(ops.sum(target), ops.scalar(1));
  return ops.neg(ops.div(ops.sum(ops.mul(ops.logSoftmax(logits), target)), count));
}

import type { Ops } from '@unseen/tensor';

/**
 * Mean of -log softmax(logits)[label] over the positions whose label is one of the K classes; others (255, -1) are
 * ignored, and 0 when there are none. `logits` [..., K], integer `labels` [...]. With `classWeights` [K] the mean in which
 * each position counts by the weight of its class.
 */
export function crossEntropy<V>(ops: Ops<V>, logits: V, labels: V, classWeights?: readonly number[]): V {
  const classes = ops.shape(logits).at(-1)!;
  if (classWeights && classWeights.length !== classes) {
    throw new Error(`${classWeights.length} class weights for ${classes} classes`);
  }
  const truth = ops.oneHot(labels, classes);
  const target = classWeights ? ops.mul(truth, ops.constant(classWeights, [classes])) : truth;
  const total = ops.sum(target);
  // Weights may be less than 1, so the sum of none is told by their presence.
  const divisor = classWeights ? ops.add(total, noneOf(ops, truth)) : ops.maximum(total, ops.scalar(1));
  return ops.neg(ops.div(ops.sum(ops.mul(ops.logSoftmax(logits), target)), divisor));
}

/** 1 where no position is labelled, else 0. */
function noneOf<V>(ops: Ops<V>, truth: V): V {
  return ops.relu(ops.sub(ops.scalar(1), ops.sum(truth)));
}

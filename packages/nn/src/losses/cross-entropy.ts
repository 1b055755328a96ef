import type { Ops } from '@unseen/tensor';

/**
 * Mean of -log softmax(logits)[label] over the positions whose label is one of the K classes; others (255, -1) are
 * ignored, and the loss is 0 if there are none. `logits` [..., K], integer `labels` [...]. With `classWeights` [K] the
 * mean is weighted by the class of each position.
 */
export function crossEntropy<V>(ops: Ops<V>, logits: V, labels: V, classWeights?: readonly number[]): V {
  const classes = ops.shape(logits).at(-1)!;
  if (classWeights && classWeights.length !== classes) {
    throw new Error(`${classWeights.length} class weights for ${classes} classes`);
  }
  const truth = ops.oneHot(labels, classes);
  const target = classWeights ? ops.mul(truth, ops.constant(classWeights, [classes])) : truth;
  const total = ops.sum(target);
  // A sum of weights may be below 1; 1 is added only if no position is labelled.
  const divisor = classWeights ? ops.add(total, noneOf(ops, truth)) : ops.maximum(total, ops.scalar(1));
  return ops.neg(ops.div(ops.sum(ops.mul(ops.logSoftmax(logits), target)), divisor));
}

/** 1 where no position is labelled, else 0. */
function noneOf<V>(ops: Ops<V>, truth: V): V {
  return ops.relu(ops.sub(ops.scalar(1), ops.sum(truth)));
}

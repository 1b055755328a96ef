import type { Ops } from '@unseen/tensor';

/** In which form the localizer sees a prediction: the authors' code gives logits. */
export type PredictionForm = 'logits' | 'softmax';

/**
 * What ELN's error localizer sees (Kwon and Kwak 2022, §3): images [n, H, W, 3], the entropy of the prediction in
 * nats, and the prediction itself, logits [n, h, w, C] enlarged with matching corners: [n, H, W, C + 4]. No gradient flows
 * through it.
 */
export function localizerInput<V>(ops: Ops<V>, images: V, logits: V, form: PredictionForm = 'logits'): V {
  const [, height, width] = ops.shape(images);
  const enlarged = ops.resizeBilinear(logits, [height, width], 'alignCorners');
  const logProbabilities = ops.logSoftmax(enlarged);
  const probabilities = ops.exp(logProbabilities);
  const entropy = ops.neg(ops.sum(ops.mul(probabilities, logProbabilities), [-1], true));
  return ops.stopGradient(ops.concat([images, entropy, form === 'logits' ? enlarged : probabilities], -1));
}

import { UserError } from '@unseen/core';

/**
 * Energies -log p from probabilities.
 *
 * @param probabilities [.. · labels], each pixel's sum 1
 * @param floor smaller probabilities count as this one
 */
export function unaryOfProbabilities(probabilities: Float32Array, floor = 1e-5): Float32Array {
  return probabilities.map((p) => -Math.log(Math.max(p, floor)));
}

/**
 * Energies of hard labels that are right with a given probability, all other labels being equally likely.
 *
 * @param labels label of each pixel, [pixels]
 * @returns [pixels · count]
 */
export function unaryOfLabels(labels: ArrayLike<number>, count: number, confidence: number): Float32Array {
  if (count < 2) {
    throw new UserError({
      given: `energies of ${count} labels`,
      expected: 'at least 2: one alone needs no refinement',
    });
  }
  const [hit, miss] = [-Math.log(confidence), -Math.log((1 - confidence) / (count - 1))];
  const unary = new Float32Array(labels.length * count).fill(miss);
  for (let pixel = 0; pixel < labels.length; pixel++) unary[pixel * count + labels[pixel]] = hit;
  return unary;
}

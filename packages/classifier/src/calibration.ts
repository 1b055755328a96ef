import { UserError } from '@unseen/core';
import type { Ops } from '@unseen/tensor';

/** Calibrated stacking: how many classes, seen ones first, and what is taken off the probability of these. */
export interface Calibration {
  readonly classes: number;
  readonly seen: number;
  /** γ in [0, 1]. */
  readonly gamma: number;
}

/** The smallest normal number of single precision: logarithms stay finite. */
const TINY = 2 ** -126;

/**
 * What calibrated stacking takes off the softmax probability of each class before the best is chosen (Chao et al. 2016;
 * spec §6): γ for seen classes, 0 for unseen ones. γ = 0 changes nothing, with γ = 1 no seen class wins.
 */
export function calibrationPenalties({ classes, seen, gamma }: Calibration): Float32Array {
  if (!(gamma >= 0 && gamma <= 1)) {
    throw new UserError({ given: `a calibration of ${gamma}`, expected: 'a difference of probabilities, 0 … 1' });
  }
  return new Float32Array(classes).fill(gamma, 0, seen);
}

/**
 * Logits [.., classes] whose arg max is that of calibrated stacking at the same position: log(p + γ·[unseen]), which is
 * p - γ·[seen] but for a constant. Elsewhere than at its positions, between them, the two rules differ: interpolation comes
 * before the softmax there, and behind the calibration here.
 */
export function calibratedLogits<V>(ops: Ops<V>, logits: V, { classes, seen, gamma }: Calibration): V {
  const penalties = calibrationPenalties({ classes, seen, gamma });
  const bonus = ops.constant(
    penalties.map((penalty) => gamma - penalty),
    [classes],
  );
  return ops.log(ops.maximum(ops.add(ops.softmax(logits), bonus), ops.scalar(TINY)));
}

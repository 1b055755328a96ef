import { UserError } from '@unseen/core';
import type { Ops } from '@unseen/tensor';

/** Calibrated stacking: the number of classes, seen ones first, and the penalty on their probabilities. */
export interface Calibration {
  readonly classes: number;
  readonly seen: number;
  /** γ in [0, 1]. */
  readonly gamma: number;
}

/** The smallest normal number of single precision: logarithms stay finite. */
const TINY = 2 ** -126;

/**
 * Penalty of calibrated stacking (Chao et al. 2016) on the softmax probability of each class before the best is chosen:
 * γ for seen classes, 0 for unseen ones. γ = 0 changes nothing; with γ = 1 no seen class can win.
 */
export function calibrationPenalties({ classes, seen, gamma }: Calibration): Float32Array {
  if (!(gamma >= 0 && gamma <= 1)) {
    throw new UserError({ given: `a calibration γ of ${gamma}`, expected: 'a number from 0 to 1' });
  }
  return new Float32Array(classes).fill(gamma, 0, seen);
}

/**
 * Logits [.., classes] whose arg max at each position is that of calibrated stacking: log(p + γ·[unseen]), where p +
 * γ·[unseen] equals p - γ·[seen] up to a constant. Between positions the two differ, because these logits are
 * interpolated after the calibration rather than before the softmax.
 */
export function calibratedLogits<V>(ops: Ops<V>, logits: V, { classes, seen, gamma }: Calibration): V {
  const penalties = calibrationPenalties({ classes, seen, gamma });
  const bonus = ops.constant(
    penalties.map((penalty) => gamma - penalty),
    [classes],
  );
  return ops.log(ops.maximum(ops.add(ops.softmax(logits), bonus), ops.scalar(TINY)));
}

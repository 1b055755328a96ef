import { mapScores, type ScorePredictor } from '@unseen/experiment';

/** Options of {@link calibrated}. */
export interface CalibrationOptions {
  /** Number of seen classes, which come first. */
  readonly seen: number;
  /** Added to the logits of the unseen classes. */
  readonly gamma: number;
}

/**
 * A model with the logits of its unseen classes raised by γ (Chao et al., ECCV 2016, on logits): a point of its
 * seen-unseen curve.
 */
export function calibrated(model: ScorePredictor, { seen, gamma }: CalibrationOptions): ScorePredictor {
  const classes = model.classes.length;
  const bonus = Float32Array.from({ length: classes }, (_, channel) => (channel < seen ? 0 : gamma));
  return mapScores(model, {
    scores: (grid) => ({ ...grid, data: grid.data.map((logit, i) => logit + bonus[i % classes]) }),
    logits: (ops, logits) => ops.add(logits, ops.constant(bonus, [classes])),
  });
}

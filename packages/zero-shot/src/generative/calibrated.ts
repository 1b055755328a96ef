import type { ScorePredictor } from '@unseen/experiment';
import type { ScoreGrid } from '@unseen/vision';

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
  const raised = <G extends Pick<ScoreGrid, 'data'>>(grid: G): G => ({
    ...grid,
    data: grid.data.map((logit, i) => logit + bonus[i % classes]),
  });
  const { logitsOfFeatures } = model;
  return {
    ...model,
    logits: async (image) => raised(await model.logits(image)),
    ...(logitsOfFeatures && { logitsOfFeatures: async (features) => raised(await logitsOfFeatures(features)) }),
    program: () => {
      const program = model.program();
      return {
        ...program,
        describe: (ops, inputs) => {
          const { logits } = program.describe(ops, inputs).outputs;
          return { outputs: { logits: ops.add(logits, ops.constant(bonus, [classes])) } };
        },
      };
    },
  };
}

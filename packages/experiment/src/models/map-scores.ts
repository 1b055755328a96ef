import type { SegmentationModel } from '@unseen/core';
import type { Ops } from '@unseen/tensor';
import type { ScorePredictor } from '../pipeline/method.ts';

type Scores = Awaited<ReturnType<SegmentationModel['logits']>>;

/** What is done to the scores of a model: to those that it gives, and to those in its program. */
export interface ScoreMapping {
  scores(given: Scores): Scores;
  /** [1, ...grid, classes] → the same. */
  logits<V>(ops: Ops<V>, given: V): V;
}

/** A model whose scores are changed; it shares the networks of the other. */
export function mapScores(model: ScorePredictor, { scores, logits }: ScoreMapping): ScorePredictor {
  const { logitsOfFeatures } = model;
  return {
    ...model,
    logits: async (image) => scores(await model.logits(image)),
    ...(logitsOfFeatures && { logitsOfFeatures: async (features) => scores(await logitsOfFeatures(features)) }),
    program: () => {
      const program = model.program();
      return {
        ...program,
        describe: (ops, inputs) => {
          const { logits: given } = program.describe(ops, inputs).outputs;
          return { outputs: { logits: logits(ops, given) } };
        },
      };
    },
  };
}

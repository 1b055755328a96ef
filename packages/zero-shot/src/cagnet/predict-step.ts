import type { Standardize } from '@unseen/nn';
import type { Program } from '@unseen/tensor';
import type { CagnetSegmenter } from './model.ts';

/** Sizes of {@link predictStep}. */
export interface PredictStepOptions {
  readonly model: CagnetSegmenter;
  readonly scaler: Standardize;
  readonly batch: number;
  readonly grid: readonly [number, number];
  readonly channels: number;
  /** Classes of the protocol: a dead channel behind them is dropped (spec §10.4). */
  readonly classes: number;
}

/** Stored features → logits [batch, h, w, classes] on the feature grid, with z = μ (spec §7.8). */
export function predictStep(options: PredictStepOptions): Program {
  const { model, scaler, batch, classes, channels } = options;
  const [height, width] = options.grid;
  return {
    name: 'cagnet/predict',
    inputs: { features: { shape: [batch, height, width, channels], dtype: 'float32' } },
    describe: (ops, { features }) => {
      const { logits } = model.heads.forward(
        ops,
        model.contextual.forward(ops, scaler.forward(ops, features)).features,
      );
      return { outputs: { logits: ops.slice(logits, [0, 0, 0, 0], [batch, height, width, classes]) } };
    },
  };
}

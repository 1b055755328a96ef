import type { Trunk } from '@unseen/experiment';
import type { Program } from '@unseen/tensor';
import type { CagnetSegmenter } from './model.ts';

/** Sizes of {@link predictStep}. */
export interface PredictStepOptions {
  readonly model: CagnetSegmenter;
  readonly trunk: Trunk;
  readonly batch: number;
  /** Of what the trunk is given, as {@link channels}. */
  readonly grid: readonly [number, number];
  readonly channels: number;
  /** Classes of the protocol: a dead channel behind them is dropped (spec §10.4). */
  readonly classes: number;
}

/** Stored features, or images where the trunk begins with them, → logits [batch, h, w, classes] on the feature grid, with z = μ (spec §7.8). */
export function predictStep(options: PredictStepOptions): Program {
  const { model, trunk, batch, grid, classes, channels } = options;
  return {
    name: 'cagnet/predict',
    inputs: { features: { shape: [batch, ...grid, channels], dtype: 'float32' } },
    describe: (ops, { features }) => {
      const h = trunk.forward(ops, features);
      const { logits } = model.heads.forward(ops, model.contextual.forward(ops, h).features);
      const [, height, width] = ops.shape(logits);
      return { outputs: { logits: ops.slice(logits, [0, 0, 0, 0], [batch, height, width, classes]) } };
    },
  };
}

import type { Trunk } from '@unseen/experiment';
import type { Module } from '@unseen/nn';
import type { Ops, Program } from '@unseen/tensor';

/** The networks behind a trunk that segment. */
export interface Segmenter {
  /** By name, as checkpoints store them. */
  readonly modules: Readonly<Record<string, Module>>;
  /** Feature map h of the trunk → logits [n, h, w, classes or more]. */
  logits<V>(ops: Ops<V>, h: V): V;
}

/** Sizes of {@link predictStep}. */
export interface PredictStepOptions {
  readonly segmenter: Pick<Segmenter, 'logits'>;
  readonly trunk: Trunk;
  readonly batch: number;
  /** Of what the trunk is given, as {@link channels}. */
  readonly grid: readonly [number, number];
  readonly channels: number;
  /** Classes of the protocol: a dead channel behind them is dropped (spec §10.4). Default: all logits. */
  readonly classes?: number;
}

/** Stored features, or images where the trunk begins with them, → logits [batch, h, w, classes] on the feature grid (spec §7.8). */
export function predictStep(options: PredictStepOptions): Program {
  const { segmenter, trunk, batch, grid, classes, channels } = options;
  return {
    name: 'predict',
    inputs: { features: { shape: [batch, ...grid, channels], dtype: 'float32' } },
    describe: (ops, { features }) => {
      const logits = segmenter.logits(ops, trunk.forward(ops, features));
      const [, height, width, all] = ops.shape(logits);
      return { outputs: { logits: ops.slice(logits, [0, 0, 0, 0], [batch, height, width, classes ?? all]) } };
    },
  };
}

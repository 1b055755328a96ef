import { loadCheckpoint, type Module } from '@unseen/nn';
import type { Ops, Program } from '@unseen/tensor';
import type { TrunkSettings } from '../config/schema.ts';
import { openTrunk, type Trunk } from '../features/trunk.ts';
import type { ModelContext, ScorePredictor } from '../pipeline/method.ts';
import { featureModel } from './feature-model.ts';
import { requireWeights } from './model-context.ts';

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
  /** Classes of the protocol: a dead channel behind them is dropped. Default: all logits. */
  readonly classes?: number;
}

/** Stored features, or images where the trunk begins with them, → logits [batch, h, w, classes] on the feature grid. */
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

/** Options of {@link openSegmenter}. */
export interface OpenSegmenterOptions {
  readonly settings: Pick<TrunkSettings, 'data' | 'features' | 'backbone'>;
  /** Stage whose weights are loaded. */
  readonly stage: string;
  /** Relative to the size to which the experiment warps images. */
  readonly scale: number;
  /** Raw class ids by train id. */
  readonly classes: readonly number[];
  /** The networks behind a trunk of that many channels; their weights are loaded. */
  segmenter(channels: number): Segmenter;
}

/** Opens a trunk and the networks behind it with the weights that a stage has left, as a predictor. */
export async function openSegmenter(
  context: ModelContext,
  { settings, stage, scale, classes, segmenter: make }: OpenSegmenterOptions,
): Promise<ScorePredictor> {
  const { backbone, trunk } = await openTrunk(context, settings);
  const segmenter = make(trunk.channels);
  const modules = { ...segmenter.modules, ...trunk.modules };
  await loadCheckpoint(requireWeights(context, stage), { modules }, { partial: true });
  const [{ channels }] = backbone.encoder.taps;
  const behind = { segmenter, trunk: trunk.behindEncoder(), batch: 1, channels, classes: classes.length };
  return featureModel(context, {
    settings,
    scale,
    backbone,
    head: { classes, program: (grid) => predictStep({ ...behind, grid }) },
  });
}

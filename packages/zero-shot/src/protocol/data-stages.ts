import { findSplit } from '@unseen/data';
import {
  checkStage,
  evaluateStage,
  type FeatureFile,
  featureStage,
  openValFeatures,
  type Place,
  type Predictors,
  type ScorePredictor,
  type Stage,
} from '@unseen/experiment';
import { controlWarnings } from './control.ts';
import { describeProtocol } from './describe.ts';
import { openDatasetProtocol } from './protocol.ts';
import type { ZeroShotConfig } from './settings.ts';

/** The stages before the first training: a look at every mask, and the features of a frozen backbone. */
export interface DataStages {
  /** In their order. */
  readonly stages: readonly Stage[];
  /** What a training stage needs of them. */
  readonly training: { readonly features?: Stage<FeatureFile> };
  /** What the evaluation needs of them. */
  readonly validation: { readonly features?: Stage<FeatureFile> };
}

/** Checks the dataset and, where the backbone is frozen, stores its features. */
export function dataStages(config: ZeroShotConfig): DataStages {
  const { data, backbone, extend } = config;
  const check = checkStage({ data, split: ({ splits, name }) => findSplit(splits, data.split, name) });
  if (backbone.train) return { stages: [check], training: {}, validation: {} };
  const options = { settings: config, ...(extend && { earlier: extend.run }) };
  const train = featureStage({ subset: 'train', ...options });
  const val = featureStage({ subset: 'val', ...options });
  return { stages: [check, train, val], training: { features: train }, validation: { features: val } };
}

/** Options of {@link evaluateZeroShot}. */
export interface ZeroShotEvaluation {
  readonly validation: DataStages['validation'];
  /** Stages whose artifacts the predictors read. */
  readonly needs: Readonly<Record<string, Stage>>;
  readonly predictors: Predictors<ScorePredictor>;
  /** Blocks of the method that the predictors are built from. */
  readonly blocks: Readonly<Record<string, unknown>>;
  /** What the protocol says differently from {@link describeProtocol}, some of it found in the run folder. */
  protocol?(folder: Place): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
}

/** Segments the validation images with every predictor; seen and unseen classes compete. */
export function evaluateZeroShot(config: ZeroShotConfig, options: ZeroShotEvaluation): Stage {
  const { data, embeddings, backbone, features } = config;
  const { train: _, allowMissing: __, ...validation } = data;
  const { validation: stages, needs, predictors, blocks, protocol } = options;
  return evaluateStage({
    task: 'zero-shot',
    config,
    settings: { data: validation, embeddings, backbone, features, ...blocks },
    needs: { ...stages, ...needs },
    open: () => openDatasetProtocol(config),
    predictors,
    size: data.size,
    ...(stages.features && {
      stored: ({ folder }) => openValFeatures(config, stages.features!.makes.open(folder)),
    }),
    protocol: async (opened, { folder }) => ({ ...describeProtocol(config, opened), ...(await protocol?.(folder)) }),
    warnings: controlWarnings(config),
  });
}

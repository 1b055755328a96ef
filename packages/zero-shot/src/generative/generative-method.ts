import type { PixelClassifier } from '@unseen/classifier';
import type { SeedTree } from '@unseen/core';
import type { LabelledBatches, LabelledStep, Segmenter, StageContext, Trunk } from '@unseen/experiment';
import type { Hook, Module, ScheduledOptimizers } from '@unseen/nn';
import type { ClassVectors, FeatureGenerator } from '@unseen/synthesis';
import type { Engine, Program } from '@unseen/tensor';
import type { z } from 'zod';
import type { OpenedInput } from '../protocol/protocol.ts';
import type { ZeroShotConfig } from '../protocol/settings.ts';
import type { calibrationShape, finetuneShape, learningShape, selfTrainShape } from './settings.ts';
import type { SyntheticStepOptions, SyntheticSteps } from './synthetic-step.ts';

/** The networks of a generative method behind its trunk. */
export interface GenerativeModel extends Module {
  readonly generator: FeatureGenerator;
}

/** Sizes that the data decides. */
export interface GenerativeSizes {
  /** Channels of the feature map. */
  readonly channels: number;
  /** Dimension of the class vectors. */
  readonly embedding: number;
  readonly seen: number;
  readonly unseen: number;
}

/** What every stage of a generative method works with; the networks are freshly initialised from the run's seeds. */
export interface Networks<M extends GenerativeModel = GenerativeModel> extends OpenedInput {
  readonly vectors: ClassVectors;
  readonly trunk: Trunk;
  readonly model: M;
  readonly classifier: PixelClassifier;
  /** All networks by name, as checkpoints store them. */
  readonly modules: Readonly<Record<string, Module>>;
}

/** The training stages of a generative method; the settings of each stand under its name. */
export type LearningStage = 'train' | 'finetune' | 'selfTrain' | 'finetune2';

type Settings<S extends z.ZodRawShape> = z.output<z.ZodObject<S>>;

/** An experiment of a generative method, as far as the shared stages know its settings. */
export type GenerativeConfig = ZeroShotConfig & {
  readonly train: Settings<typeof learningShape>;
  readonly finetune: Settings<typeof finetuneShape>;
  readonly selfTrain?: Settings<typeof selfTrainShape> | undefined;
  readonly finetune2?: Settings<typeof finetuneShape> | undefined;
} & Settings<typeof calibrationShape>;

/**
 * A method that learns from seen classes to generate features from class vectors, and then teaches its classifier unseen
 * classes with generated features: CaGNet, ZS3Net. It says how its networks are built and what their steps are.
 */
export interface GenerativeMethod<M extends GenerativeModel = GenerativeModel> {
  /** Of its model in a report. */
  readonly name: string;
  readonly config: GenerativeConfig;
  /** Under which name checkpoints store its networks. */
  readonly module: string;
  /** Blocks of its own that every stage depends on. */
  readonly blocks: Readonly<Record<string, unknown>>;
  /** The networks behind a trunk, with their initial weights. */
  build(sizes: GenerativeSizes, seeds: SeedTree): M;
  /** The part of them that classifies. */
  classifier(model: M): PixelClassifier;
  /** The step on real features in a stage. While fine-tuning, what makes the features is frozen. */
  realStep(stage: LearningStage, networks: Networks<M>): LabelledStep;
  /** Optimizers of a stage in which all networks learn, by loss of {@link realStep}. */
  optimizers(stage: 'train' | 'selfTrain', engine: Engine, networks: Networks<M>): ScheduledOptimizers;
  /** What of a step on synthetic features the method decides. */
  synthetic(networks: Networks<M>): Pick<SyntheticStepOptions, 'latent' | 'noise' | 'trained' | 'drift'>;
  /** The networks behind the trunk that segment. */
  segmenter(sizes: Omit<GenerativeSizes, 'embedding'>): Segmenter;
  /** {@link segmenter} of networks as they stand. */
  segmenterOf(model: M): Pick<Segmenter, 'logits'>;
  /** What is watched besides the losses of the first stage. */
  hooks?(context: StageContext, networks: Networks<M>, batches: LabelledBatches): readonly Hook[];
  /** Steps on synthetic features of something else than single pixels. */
  readonly patches?: {
    steps(
      stage: 'finetune' | 'finetune2',
      context: StageContext,
      networks: Networks<M>,
      optimizers: ScheduledOptimizers,
    ): Promise<SyntheticSteps>;
    /** One of them, for a dry run. */
    program?(stage: 'finetune' | 'finetune2', networks: Networks<M>): Program;
  };
}

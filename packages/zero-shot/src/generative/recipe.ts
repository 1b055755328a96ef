import type { PixelClassifier } from '@unseen/classifier';
import type { FeatureBatches, Stage, StageContext, Trunk, TrunkInput, ZeroShotProtocol } from '@unseen/experiment';
import type { Hook, Module } from '@unseen/nn';
import type { ClassVectors, FeatureGenerator, UnseenPreset } from '@unseen/synthesis';
import type { Program } from '@unseen/tensor';
import type { Optimizers } from '../optimization.ts';
import type { OptimizerSettings } from '../optimizer-settings.ts';
import type { PseudoLabelling } from './pseudo-label-settings.ts';
import type { RealTrainerOptions } from './real-trainer.ts';
import type { Segmenter } from './segmenter.ts';
import type { SyntheticStepOptions } from './synthetic-step.ts';
import type { SyntheticTrainer } from './synthetic-trainer.ts';

/** What every stage of a generative method works with; the networks are freshly initialised from the run's seeds. */
export interface GenerativeSetup {
  readonly protocol: ZeroShotProtocol;
  readonly input: TrunkInput;
  readonly vectors: ClassVectors;
  readonly trunk: Trunk;
  readonly generator: FeatureGenerator;
  readonly classifier: PixelClassifier;
  /** All networks by name, as checkpoints store them. */
  readonly modules: Readonly<Record<string, Module>>;
}

/** Settings of every training stage. */
export interface StageSettings {
  readonly iterations: number;
  readonly batch: number;
  /** Iterations between two lines of the log. */
  readonly logEvery: number;
  /** Iterations between two checkpoints. */
  readonly checkpointEvery: number;
}

/** Settings of a stage whose steps on real features take turns with steps on synthetic ones. */
export interface FinetuneSettings extends StageSettings {
  readonly alternate: number;
  readonly draws: number;
  readonly unseenProbability: number | UnseenPreset;
  readonly transfer: SyntheticStepOptions['transfer'];
  readonly optimizers: { readonly heads: OptimizerSettings; readonly generator: OptimizerSettings };
}

/** A stage that learns from real features, and the settings that say how. */
export interface RealStage<T extends StageSettings, S extends GenerativeSetup> {
  readonly settings: T;
  /** The step on real features. */
  real(setup: S): RealTrainerOptions;
  optimizers(context: StageContext, setup: S): Optimizers;
  hooks?(context: StageContext, setup: S, batches: FeatureBatches): readonly Hook[];
}

/** Settings of a self-training stage. */
export interface SelfTrainSettings extends StageSettings {
  /** Side of its crops, where the networks learn from images. Default: that of the experiment. */
  readonly crop?: number | null | undefined;
}

/** A stage of {@link RealStage} whose unlabelled pixels the networks label themselves, batch by batch. */
export interface SelfTrainStage<S extends GenerativeSetup> extends RealStage<SelfTrainSettings, S>, PseudoLabelling {
  /** The networks of the setup as they stand. */
  segmenter(setup: S): Pick<Segmenter, 'logits'>;
}

/** Steps on synthetic features. */
export type SyntheticSteps = Pick<SyntheticTrainer, 'step' | 'dispose'>;

/** A stage of {@link RealStage} in which steps on synthetic features take turns with those on real ones. */
export interface FinetuneStage<S extends GenerativeSetup> extends Omit<RealStage<FinetuneSettings, S>, 'optimizers'> {
  /** What of a synthetic step the method decides. */
  synthetic(setup: S): Pick<SyntheticStepOptions, 'latent' | 'noise' | 'trained' | 'drift'>;
  /** Steps on synthetic features of something else than single pixels. */
  syntheticSteps?(context: StageContext, setup: S): Promise<SyntheticSteps>;
  /** One of {@link syntheticSteps}, for a dry run. */
  syntheticProgram?(setup: S): Program;
}

/**
 * A method that learns from seen classes to generate features from class vectors, and then teaches its classifier
 * unseen classes with generated features: CaGNet, ZS3Net.
 */
export interface GenerativeRecipe<S extends GenerativeSetup> {
  /** Settings that its networks depend on: keys of the configuration, as in `Stage.uses`. */
  readonly uses: readonly string[];
  setUp(context: StageContext): Promise<S>;
  readonly train: RealStage<StageSettings, S>;
  /** Stages that prepare the fine-tuning. */
  readonly beforeFinetune?: readonly Stage[];
  readonly finetune: FinetuneStage<S>;
  /** After the fine-tuning, where the experiment asks for it. */
  readonly selfTrain?: SelfTrainStage<S> | undefined;
  /** After self-training. */
  readonly finetune2?: FinetuneStage<S> | undefined;
  /** Its models in a report, with the stage whose weights each uses; baselines first. */
  readonly models: Readonly<Record<string, string>>;
  /** What the protocol of the evaluation says differently from `describeProtocol`. */
  readonly protocolText?: Readonly<Record<string, string>>;
  segmenter(sizes: { readonly channels: number; readonly seen: number; readonly unseen: number }): Segmenter;
}

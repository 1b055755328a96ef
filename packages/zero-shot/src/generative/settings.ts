import type { PseudoLabelRule } from '@unseen/classifier';
import { optimizerSettings, positiveInteger, trainingShape } from '@unseen/experiment';
import { UNSEEN_PRESETS } from '@unseen/synthesis';
import { z } from 'zod';

const weight = z.number().nonnegative();
const rate = z.number().min(0).lt(1);

/** Settings of the first training stage. */
export const learningShape = trainingShape;

/** Settings of a stage in which steps on synthetic features take turns with those on real ones. */
export const finetuneShape = {
  ...trainingShape,
  /** Iterations of one kind before the other takes its turn. */
  alternate: positiveInteger().default(100),
  /** Synthetic pixels of a step on them. */
  draws: positiveInteger().default(1024),
  /** Probability that a synthetic pixel is of an unseen class, or the name of one (CG-9). */
  unseenProbability: z.union([z.number().min(0).max(1), z.enum(UNSEEN_PRESETS)]).default(0.5),
  /** λ of the classification of synthetic features in a synthetic step, for the heads and for the generator. */
  transfer: z.strictObject({ heads: weight.default(1), generator: weight.default(0) }).prefault({}),
  optimizers: z.strictObject({ heads: optimizerSettings, generator: optimizerSettings }),
};

/**
 * Calibration at test time: γ is added to the logits of the unseen classes, in a model of its own, `<name>-c`. Take it from
 * the curve of a run on the dataset's split `tuning`, never from the classes that it is tested on.
 */
export const calibrationShape = { calibration: z.strictObject({ gamma: z.number() }).optional() };

/** Which unlabelled pixels self-training labels (ST-2); `null` where the profile decides. */
const pseudoLabelSettings = z.strictObject({
  /**
   * The networks that label: those that fine-tuning has left, or, as in CaGNet's released code, those that learn, as they
   * stand (ST-4): what they label by mistake, such as background, then confirms itself.
   */
  teacher: z.enum(['finetuned', 'current']).nullable().default(null),
  /** By confidence, as the papers say, or by rank, as in CaGNet's released code. */
  mode: z.enum(['confidence', 'rank']).nullable().default(null),
  /** Confidence: share of the pixels found to be of unseen classes that is labelled. */
  share: z.number().positive().max(1).default(0.25),
  /** Confidence: the surest of each image, or of each class in a batch. */
  per: z.enum(['image', 'class']).default('image'),
  /** Rank: ranks among which an unseen class must be. */
  topRanks: positiveInteger().default(1),
  /** Whether the padding of crops stays unlabelled. */
  excludePadding: z.boolean().nullable().default(null),
});

/** Settings of a stage of self-training. */
export const selfTrainShape = {
  ...trainingShape,
  /** Side of its crops; null: that of the experiment. */
  crop: positiveInteger().nullish(),
  pseudoLabels: pseudoLabelSettings.prefault({}),
};

/** How self-training labels: settings and profile, decided. */
export interface PseudoLabelling {
  readonly teacher: 'finetuned' | 'current';
  readonly rule: PseudoLabelRule;
  /** Whether the padding of crops stays unlabelled (ST-2). */
  readonly excludePadding: boolean;
}

/** What the settings ask for, with what the profile decides filled in. */
export function choosePseudoLabels(
  { teacher, mode, share, per, topRanks, excludePadding }: z.output<typeof pseudoLabelSettings>,
  profile: 'default' | 'official',
): PseudoLabelling {
  const official = profile === 'official';
  const chosen = mode ?? (official ? 'rank' : 'confidence');
  return {
    teacher: teacher ?? (official ? 'current' : 'finetuned'),
    rule: chosen === 'rank' ? { mode: chosen, topRanks } : { mode: chosen, share, per },
    excludePadding: excludePadding ?? !official,
  };
}

/** Weights λ that the classifier gives to real and to synthetic features in a step on real features. */
export const classifyWeights = {
  /** λ_Dr: classification of real features, for the heads. */
  classifyReal: weight.default(1),
  /** λ_Df: classification of synthetic features, for the heads. */
  classifyFake: weight.default(0),
  /** λ_Gc: classification, for the generator. */
  generatorClassify: weight.default(0),
};

/** {@link classifyWeights} that fine-tuning has instead. */
export const finetuneWeights = { classifyReal: weight.default(0.75), classifyFake: weight.default(0.25) };

/** Sizes and choices of the classifier; `null` where the profile decides. */
export const classifierSettings = z.strictObject({
  hidden: positiveInteger().default(1024),
  dropout: rate.default(0.5),
  /** The classifier reads (x - offset) · scale. */
  centre: z.strictObject({ offset: z.number(), scale: z.number().positive() }).nullable().default(null),
});

/** How the pixels of a batch are sampled for the MMD content loss. */
export const mmdSettings = z.strictObject({
  /** Groups of a batch that count, drawn at random where there are more; null: all. */
  maxGroups: positiveInteger().nullable().default(null),
  maxSamples: positiveInteger().default(64),
});

/** The part of `given` that is not null: what the settings decide instead of the profile. */
export function stated<T extends object>(given: { readonly [K in keyof T]: T[K] | null }): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as Partial<T>;
}

/** Settings of self-training that contradict others, with where they stand. */
export function checkSelfTraining({
  backbone,
  selfTrain,
  finetune2,
}: {
  readonly backbone: { readonly train: boolean };
  readonly selfTrain?: { readonly crop?: number | null | undefined } | undefined;
  readonly finetune2?: object | undefined;
}) {
  return [
    ...(finetune2 && !selfTrain
      ? [{ path: ['finetune2'], message: 'a second fine-tuning follows self-training: give selfTrain too' }]
      : []),
    ...(selfTrain?.crop && !backbone.train
      ? [{ path: ['selfTrain', 'crop'], message: 'crops need backbone.train: true' }]
      : []),
  ];
}

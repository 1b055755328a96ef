import { UNSEEN_PRESETS } from '@unseen/synthesis';
import { z } from 'zod';
import { optimizerSettings } from '../optimizer-settings.ts';

const count = z.int().positive();
const weight = z.number().nonnegative();
const rate = z.number().min(0).lt(1);

/** Settings that every training stage has. */
export const stageShape = {
  iterations: count,
  batch: count,
  /** Iterations between two lines of the log. */
  logEvery: count.default(20),
  /** Iterations between two checkpoints. */
  checkpointEvery: count.default(200),
};

/** Settings of a stage in which steps on synthetic features take turns with those on real ones. */
export const finetuneShape = {
  ...stageShape,
  /** Iterations of one kind before the other takes its turn. */
  alternate: count.default(100),
  /** Synthetic pixels of a step on them. */
  draws: count.default(1024),
  /** Probability that a synthetic pixel is of an unseen class, or the name of one (CG-9). */
  unseenProbability: z.union([z.number().min(0).max(1), z.enum(UNSEEN_PRESETS)]).default(0.5),
  /** λ of the classification of synthetic features in a synthetic step, for the heads and for the generator. */
  transfer: z.strictObject({ heads: weight.default(1), generator: weight.default(0) }).prefault({}),
  optimizers: z.strictObject({ heads: optimizerSettings, generator: optimizerSettings }),
};

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
  hidden: count.default(1024),
  dropout: rate.default(0.5),
  /** The classifier reads (x - offset) · scale. */
  centre: z.strictObject({ offset: z.number(), scale: z.number().positive() }).nullable().default(null),
});

/** How the pixels of a batch are sampled for the MMD content loss. */
export const mmdSettings = z.strictObject({
  /** Groups of a batch that count, drawn at random where there are more; null: all. */
  maxGroups: count.nullable().default(null),
  maxSamples: count.default(64),
});

/** Optimizer of the loss that also trains encoder or ASPP, with the rates of its groups (spec §7.5). */
export const trunkOptimizer = optimizerSettings.extend({
  rule: optimizerSettings.shape.rule.removeDefault().default('sgd'),
  weightDecay: optimizerSettings.shape.weightDecay.removeDefault().default(5e-4),
  multipliers: z
    .strictObject({
      encoder: weight.default(1),
      aspp: weight.default(10),
      /** Without weight decay. */
      asppBias: weight.default(20),
    })
    .prefault({}),
});

/** The part of `given` that is not null: what the settings decide instead of the profile. */
export function stated<T extends object>(given: { readonly [K in keyof T]: T[K] | null }): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as Partial<T>;
}

import { UNSEEN_PRESETS } from '@unseen/synthesis';
import { z } from 'zod';
import { optimizerSettings } from '../optimizer-settings.ts';

const positive = z.number().positive();
const count = z.int().positive();
const weight = z.number().nonnegative();
const rate = z.number().min(0).lt(1);

/** Widths and choices of the networks; `null` where the profile decides. */
const network = z.strictObject({
  contextual: z
    .strictObject({
      width: count.default(256),
      dilations: z.array(count).nonempty().default([1, 2, 5]),
      latentKernel: z.union([z.literal(1), z.literal(3)]).default(3),
      selector: z.enum(['sigmoid', 'relu-sigmoid', 'softmax']).nullable().default(null),
      reluLogVariance: z.boolean().nullable().default(null),
      trainSelector: z.boolean().nullable().default(null),
    })
    .prefault({}),
  generator: z
    .strictObject({
      hidden: z.array(count).default([1024, 960, 864, 784, 720]),
      dropout: z.array(rate).default([0.1, 0.1, 0.3, 0.5, 0.5]),
    })
    .prefault({}),
  heads: z
    .strictObject({
      hidden: count.default(1024),
      dropout: rate.default(0.5),
      centre: z.strictObject({ offset: z.number(), scale: positive }).nullable().default(null),
      deadChannel: z.boolean().nullable().default(null),
    })
    .prefault({}),
});

const losses = z.strictObject({
  adversarial: z.enum(['lsgan', 'l1', 'gan', 'wgan', 'wgan-gp']).nullable().default(null),
  content: z.enum(['mse', 'l1', 'mmd']).nullable().default(null),
  mmd: z
    .strictObject({
      groupBy: z.enum(['class', 'run']).nullable().default(null),
      /** Groups of a batch that count, drawn at random where there are more; null: all classes, or 256 runs. */
      maxGroups: count.nullable().default(null),
      maxSamples: count.default(64),
    })
    .prefault({}),
  /** Whether the content loss also trains the contextual module, through the generator's input (CG-6). */
  joint: z.boolean().nullable().default(null),
});

/** Weights λ of the losses of a real-image step (spec §7.4). */
const realWeights = z.strictObject({
  /** λ_Dr: classification of real features, for the heads. */
  classifyReal: weight.default(1),
  /** λ_Df: classification of synthetic features, for the heads. */
  classifyFake: weight.default(0),
  /** λ_KL; null: 0.1, or the official 100, at which the code collapses to N(0, I) (docs/methods/cagnet.md). */
  kl: weight.nullable().default(null),
  /** λ_Bc: classification, for the contextual module. */
  contextualClassify: weight.default(0.5),
  /** λ_cont; null: 10 for a mean error, 50 for MMD (CG-7). */
  content: weight.nullable().default(null),
  /** λ_GAN. */
  adversarial: weight.default(1),
  /** λ_Gc: classification, for the generator. */
  generatorClassify: weight.default(0),
});

/** L_B's optimizer where it trains encoder or ASPP too, with the rates of its groups (spec §7.5). */
const backboneOptimizer = optimizerSettings.extend({
  rule: optimizerSettings.shape.rule.removeDefault().default('sgd'),
  weightDecay: optimizerSettings.shape.weightDecay.removeDefault().default(5e-4),
  multipliers: z
    .strictObject({
      encoder: weight.default(1),
      contextual: weight.default(5),
      aspp: weight.default(10),
      /** Without weight decay. */
      asppBias: weight.default(20),
    })
    .prefault({}),
});

const optimizers = z.strictObject({
  heads: optimizerSettings,
  generator: optimizerSettings,
  /** Behind a frozen backbone without ASPP. */
  contextual: optimizerSettings.nullish(),
  /** With `backbone.train` or `backbone.aspp`, instead of that of the contextual module. */
  backbone: backboneOptimizer.nullish(),
});

/** Settings of CaGNet in an experiment file, under the keys `cagnet`, `train` and `finetune`. */
export const cagnetSettings = z.strictObject({
  cagnet: z.strictObject({ network: network.prefault({}), losses: losses.prefault({}) }).prefault({}),
  train: z.strictObject({
    iterations: count,
    batch: count,
    weights: realWeights.prefault({}),
    optimizers,
    /** Iterations between two lines of the log. */
    logEvery: count.default(20),
    /** Iterations between two checkpoints. */
    checkpointEvery: count.default(200),
  }),
  finetune: z.strictObject({
    iterations: count,
    batch: count,
    /** Iterations of one kind before the other takes its turn. */
    alternate: count.default(100),
    /** Synthetic pixels of a step on them. */
    draws: count.default(1024),
    /** Probability that a synthetic pixel is of an unseen class, or the name of one (CG-9). */
    unseenProbability: z.union([z.number().min(0).max(1), z.enum(UNSEEN_PRESETS)]).default(0.5),
    weights: realWeights
      .extend({ classifyReal: weight.default(0.75), classifyFake: weight.default(0.25) })
      .prefault({}),
    /** λ of the classification of synthetic features in a synthetic step, for the heads and for the generator. */
    transfer: z.strictObject({ heads: weight.default(1), generator: weight.default(0) }).prefault({}),
    optimizers: optimizers.pick({ heads: true, generator: true }),
    logEvery: count.default(20),
    checkpointEvery: count.default(200),
  }),
});

/** Validated settings, before the profile has decided what they leave open. */
export type CagnetSettings = z.infer<typeof cagnetSettings>;
/** Weights λ of a step on real features. */
export type RealWeights = z.infer<typeof realWeights>;

/** `default` is correct and recommended, `official` does what the authors' code does. */
export type Profile = 'default' | 'official';

/** Every choice of the quirk register that concerns the networks and losses, decided. */
export interface CagnetChoices {
  readonly selector: 'sigmoid' | 'relu-sigmoid' | 'softmax';
  readonly reluLogVariance: boolean;
  readonly trainSelector: boolean;
  readonly centre: { readonly offset: number; readonly scale: number };
  readonly deadChannel: boolean;
  readonly adversarial: 'lsgan' | 'l1' | 'gan' | 'wgan' | 'wgan-gp';
  readonly content: 'mse' | 'l1' | 'mmd';
  readonly groupBy: 'class' | 'run';
  readonly joint: boolean;
  /** λ_KL where the settings name none. */
  readonly kl: number;
}

const PROFILES: Readonly<Record<Profile, CagnetChoices>> = {
  default: {
    selector: 'sigmoid', // CG-2
    reluLogVariance: false, // CG-3
    trainSelector: true, // CG-1
    centre: { offset: 0.5, scale: 4 },
    deadChannel: false, // CG-11
    adversarial: 'lsgan', // CG-4
    content: 'mse', // CG-5
    groupBy: 'class', // CG-5
    joint: true, // CG-6
    kl: 0.1,
  },
  official: {
    selector: 'relu-sigmoid',
    reluLogVariance: true,
    trainSelector: false,
    centre: { offset: 0, scale: 1 },
    deadChannel: true,
    adversarial: 'l1',
    content: 'mmd',
    groupBy: 'run',
    joint: false,
    kl: 100,
  },
};

/** Fills what the settings leave open by the profile's choices. */
export function chooseByProfile(profile: Profile, settings: CagnetSettings['cagnet']): CagnetChoices {
  const { contextual, heads } = settings.network;
  const { losses } = settings;
  const given = {
    selector: contextual.selector,
    reluLogVariance: contextual.reluLogVariance,
    trainSelector: contextual.trainSelector,
    centre: heads.centre,
    deadChannel: heads.deadChannel,
    adversarial: losses.adversarial,
    content: losses.content,
    groupBy: losses.mmd.groupBy,
    joint: losses.joint,
  };
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  return { ...PROFILES[profile], ...stated } as CagnetChoices;
}

import type { SelectorActivation } from '@unseen/contextual';
import {
  isTrunkTrained,
  optimizerSettings,
  positiveInteger,
  type SettingProblem,
  trunkOptimizer,
} from '@unseen/experiment';
import { z } from 'zod';
import {
  calibrationShape,
  classifierSettings,
  classifyWeights,
  finetuneShape,
  finetuneWeights,
  learningShape,
  mmdSettings,
  selfTrainShape,
  stated,
} from '../generative/settings.ts';
import type { ZeroShotConfig } from '../protocol/settings.ts';

const count = positiveInteger();
const weight = z.number().nonnegative();
const rate = z.number().min(0).lt(1);

/** Widths and choices of the networks; `null` where the profile decides. */
const network = z.strictObject({
  contextual: z
    .strictObject({
      width: count.default(256),
      dilations: z.array(count).nonempty().default([1, 2, 5]),
      /** Kernel of the context convolutions; 1 for ablations. */
      kernel: z.union([z.literal(1), z.literal(3)]).default(3),
      /** Whether all contexts are used or the last alone, for ablations. */
      scales: z.enum(['all', 'last']).default('all'),
      /** False: no contextual module, X = σ(h) and z ~ N(0, I), for ablations. */
      use: z.boolean().default(true),
      latentKernel: z.union([z.literal(1), z.literal(3)]).default(3),
      selector: z.enum(['sigmoid', 'relu-sigmoid', 'softmax', 'none']).nullable().default(null),
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
  heads: classifierSettings.extend({ deadChannel: z.boolean().nullable().default(null) }).prefault({}),
});

const losses = z.strictObject({
  adversarial: z.enum(['lsgan', 'l1', 'gan', 'wgan', 'wgan-gp']).nullable().default(null),
  content: z.enum(['mse', 'l1', 'mmd']).nullable().default(null),
  /** Of all classes, or of at most 256 runs where `maxGroups` does not say otherwise. */
  mmd: mmdSettings.extend({ groupBy: z.enum(['class', 'run']).nullable().default(null) }).prefault({}),
  /** Whether the content loss also trains the contextual module, through the generator's input (CG-6). */
  joint: z.boolean().nullable().default(null),
});

/** Weights λ of the losses of a real-image step (paper §3.4). */
const realWeights = z.strictObject({
  ...classifyWeights,
  /** λ_KL; null: 0.1, or the official 100, at which the code collapses to N(0, I) (docs/methods/cagnet.md). */
  kl: weight.nullable().default(null),
  /** λ_Bc: classification, for the contextual module. */
  contextualClassify: weight.default(0.5),
  /** λ_cont; null: 10 for a mean error, 50 for MMD (CG-7). */
  content: weight.nullable().default(null),
  /** λ_GAN. */
  adversarial: weight.default(1),
});

/** L_B's optimizer where it trains encoder or ASPP too. */
const backboneOptimizer = trunkOptimizer.extend({
  multipliers: trunkOptimizer.shape.multipliers
    .unwrap()
    .extend({ contextual: weight.default(5) })
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

const finetune = z.strictObject({ ...finetuneShape, weights: realWeights.extend(finetuneWeights).prefault({}) });

const selfTrain = z.strictObject({
  ...selfTrainShape,
  /**
   * Class vector from which the generator regenerates pseudo-labelled pixels: that of the class, or `zero` as in the released
   * code (ST-1).
   */
  unseenVectors: z.enum(['own', 'zero']).nullable().default(null),
  weights: realWeights.extend(finetuneWeights).prefault({}),
  optimizers,
});

/** Settings of CaGNet in an experiment file, under the keys `cagnet`, `train`, `finetune`, `selfTrain` and `finetune2`. */
export const cagnetSettings = z.strictObject({
  cagnet: z.strictObject({ network: network.prefault({}), losses: losses.prefault({}) }).prefault({}),
  train: z.strictObject({ ...learningShape, weights: realWeights.prefault({}), optimizers }),
  finetune,
  /** Self-training behind the fine-tuning. */
  selfTrain: selfTrain.optional(),
  /** A second fine-tuning behind the self-training. */
  finetune2: finetune.optional(),
  ...calibrationShape,
});

/** Validated settings, before the profile has decided what they leave open. */
export type CagnetSettings = z.infer<typeof cagnetSettings>;
/** A checked experiment of this method. */
export type CagnetConfig = ZeroShotConfig & CagnetSettings;
/** Weights λ of a step on real features. */
export type RealWeights = z.infer<typeof realWeights>;

/** `default` is correct and recommended, `official` does what the authors' code does. */
export type Profile = 'default' | 'official';

/** Every choice of the quirk register that concerns the networks and losses, decided. */
export interface CagnetChoices {
  readonly selector: SelectorActivation;
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
  const given = stated<Omit<CagnetChoices, 'kl'>>({
    selector: contextual.selector,
    reluLogVariance: contextual.reluLogVariance,
    trainSelector: contextual.trainSelector,
    centre: heads.centre,
    deadChannel: heads.deadChannel,
    adversarial: losses.adversarial,
    content: losses.content,
    groupBy: losses.mmd.groupBy,
    joint: losses.joint,
  });
  return { ...PROFILES[profile], ...given };
}

/** In every stage the optimizer of L_B is the one for the trunk that the experiment has, and no other is given. */
export function checkJointOptimizer(config: CagnetConfig): SettingProblem[] {
  const stages = (['train', 'selfTrain'] as const).flatMap((stage) => {
    const optimizers = config[stage]?.optimizers;
    return optimizers ? [{ path: [stage, 'optimizers'], optimizers }] : [];
  });
  const [wanted, other] = isTrunkTrained(config)
    ? (['backbone', 'contextual'] as const)
    : (['contextual', 'backbone'] as const);
  const reason = isTrunkTrained(config) ? 'with' : 'without';
  return stages.flatMap(({ path, optimizers }) => {
    const own = [...path, wanted].join('.');
    const which = `${reason} backbone.train or backbone.aspp the contextual module learns by ${own}`;
    return [
      ...(optimizers[wanted] ? [] : [{ path: [...path, wanted], message: `an optimizer: ${which}` }]),
      ...(optimizers[other] ? [{ path: [...path, other], message: `${which}; set this one to null` }] : []),
    ];
  });
}

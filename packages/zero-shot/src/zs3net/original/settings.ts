import { optimizerSettings, positiveInteger, trainingShape } from '@unseen/experiment';
import { UNSEEN_PRESETS } from '@unseen/synthesis';
import { z } from 'zod';
import { stated } from '../../generative/settings.ts';
import type { ZeroShotConfig } from '../../protocol/settings.ts';
import {
  chooseGmmn,
  chooseGraph,
  type GmmnChoices,
  type GraphChoices,
  gmmnLoss,
  gmmnSettings,
  graphSettings,
} from '../settings.ts';

const count = positiveInteger();
const weight = z.number().nonnegative();
const share = z.number().min(0).max(1);

const poly = { kind: 'poly' } as const;

/** SGD as ZS3Net has it, at a rate of its own. */
const sgd = (rate: number) =>
  optimizerSettings
    .extend({
      rule: optimizerSettings.shape.rule.removeDefault().default('sgd'),
      rate: optimizerSettings.shape.rate.default(rate),
      weightDecay: optimizerSettings.shape.weightDecay.removeDefault().default(5e-4),
      schedule: optimizerSettings.shape.schedule.removeDefault().prefault(poly),
    })
    .prefault({});

const adam = (rate: number) =>
  optimizerSettings.extend({ rate: optimizerSettings.shape.rate.default(rate) }).prefault({});

const graph = graphSettings.extend({
  /**
   * `auxiliary`: a second generator, of regions, whose features the classifier also learns from, as in the released code;
   * `generator`: it takes the place of the one of pixels, as the paper describes it.
   */
  use: z.enum(['none', 'auxiliary', 'generator']).default('none'),
  hidden: count.default(256),
  dropout: z.number().min(0).lt(1).default(0.5),
  /** λ of the classification of regions, where it is auxiliary. */
  weight: weight.default(0.1),
});

/** Settings of the original ZS3Net in an experiment file, under the keys `zs3net`, `gmmn`, `augment`, `train` and `finetune`. */
export const zs3netOriginalSettings = z.strictObject({
  zs3net: z
    .strictObject({
      /** A DeepLab v3+ of the registry, on the backbone of the experiment. */
      network: z.string().default('deeplabv3plus_resnet101.zs3'),
      /** Whether losses of segmentation are divided by the number of images once more (ZS-4). */
      lossPerImage: z.boolean().nullable().default(null),
    })
    .prefault({}),
  /** The generators; the first stage knows nothing of them. */
  gmmn: z
    .strictObject({
      generator: gmmnSettings.prefault({}),
      /** `maxSamples` pixels of a class of an image are drawn with replacement. */
      mmd: gmmnLoss
        .omit({ maxGroups: true })
        .extend({ maxSamples: count.default(128) })
        .prefault({}),
      graph: graph.prefault({}),
    })
    .prefault({}),
  /** Random crops of `data.crop`. */
  augment: z
    .strictObject({
      /** Length of the shorter side before scaling; null: the crop's. */
      base: count.nullable().default(null),
      scale: z.tuple([z.number().positive(), z.number().positive()]).default([0.5, 2]),
      flip: share.default(0.5),
      blur: share.default(0.5),
    })
    .prefault({}),
  train: z.strictObject({
    ...trainingShape,
    /** Whether images that show an unseen class are left out, or kept with its pixels hidden (ZS-6). */
    unseenImages: z.enum(['drop', 'keep']).default('drop'),
    optimizer: sgd(7e-3),
    /** Rate of everything behind the encoder, relative to the encoder's. */
    headMultiplier: weight.default(10),
  }),
  finetune: z.strictObject({
    ...trainingShape,
    /**
     * Where synthetic features stand: `random` classes at every position, or the masks of the training images, those of
     * unseen classes included (`groundTruth`, which leaks; ZS-1).
     */
    layout: z.enum(['random', 'groundTruth']).nullable().default(null),
    /** Share of the images that are replaced by synthetic ones; random layouts only. */
    synthetic: share.default(0.5),
    /** Probability that a synthetic position is of an unseen class; random layouts only. */
    unseenProbability: z.union([share, z.enum(UNSEEN_PRESETS)]).default('balanced'),
    /** `train`: dropout and the statistics of the batch are active while features are taken, and statistics move on (ZS-3). */
    extractor: z.enum(['frozen', 'train']).nullable().default(null),
    /** Initial weights and biases of the classifier: Kaiming and 0, or uniform in [0, 1) (ZS-4). */
    classifierInit: z.enum(['kaiming', 'uniform']).nullable().default(null),
    /** Weight of unseen classes in the classification, relative to seen ones (ZS-4). */
    unseenWeight: z.number().positive().nullable().default(null),
    optimizers: z.strictObject({ classifier: sgd(7e-2), generator: adam(2e-4), graph: adam(2e-4) }).prefault({}),
  }),
});

/** Validated settings, before the profile has decided what they leave open. */
export type Zs3NetOriginalSettings = z.infer<typeof zs3netOriginalSettings>;
/** A checked configuration of this method. */
export type Zs3NetOriginalConfig = ZeroShotConfig & Zs3NetOriginalSettings;

/** What the profile or the settings decide. */
export interface Zs3NetOriginalChoices {
  readonly gmmn: GmmnChoices;
  readonly graph: GraphChoices;
  readonly layout: 'random' | 'groundTruth';
  readonly extractor: 'frozen' | 'train';
  readonly classifierInit: 'kaiming' | 'uniform';
  readonly unseenWeight: number;
  readonly lossPerImage: boolean;
}

type OwnChoices = Omit<Zs3NetOriginalChoices, 'gmmn' | 'graph'>;

const PROFILES: Readonly<Record<'default' | 'official', OwnChoices>> = {
  default: {
    layout: 'random', // ZS-1
    extractor: 'frozen', // ZS-3
    classifierInit: 'kaiming', // ZS-4
    unseenWeight: 1, // ZS-4
    lossPerImage: false, // ZS-4
  },
  official: {
    layout: 'groundTruth',
    extractor: 'train',
    classifierInit: 'uniform',
    unseenWeight: 100,
    lossPerImage: true,
  },
};

/** Fills what the settings leave open by the profile's choices. */
export function chooseOriginal({
  profile,
  zs3net,
  gmmn,
  finetune,
}: Pick<Zs3NetOriginalConfig, 'profile' | 'zs3net' | 'gmmn' | 'finetune'>): Zs3NetOriginalChoices {
  const { layout, extractor, classifierInit, unseenWeight } = finetune;
  const { lossPerImage } = zs3net;
  const chosen = chooseGmmn(profile, gmmn.generator, gmmn.mmd);
  return {
    // Here what stands under the root is MMD² itself, in the paper as in the code.
    gmmn: { ...chosen, scale: gmmn.mmd.scale ?? 'full' },
    graph: chooseGraph(profile, gmmn.graph),
    ...PROFILES[profile],
    ...stated<OwnChoices>({ layout, extractor, classifierInit, unseenWeight, lossPerImage }),
  };
}

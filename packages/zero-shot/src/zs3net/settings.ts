import { optimizerSettings, positiveInteger, trunkOptimizer } from '@unseen/experiment';
import { MMD_BANDWIDTHS } from '@unseen/nn';
import type { NodeFeatureKind, NoiseKind } from '@unseen/synthesis';
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

/** Sizes and choices of ZS3Net's generator; `null` where the profile decides. */
export const gmmnSettings = z.strictObject({
  hidden: count.default(256),
  dropout: rate.default(0.5),
  /** Dimension of the noise; null: that of the features. */
  noise: count.nullable().default(null),
  /** What the noise is drawn from (ZS-2). */
  noiseKind: z.enum(['gaussian', 'uniform']).nullable().default(null),
});

/** The MMD loss of the generator; `null` where the profile decides. */
export const gmmnLoss = mmdSettings.extend({
  /** b of the kernels exp(-‖x-y‖² / 2b) (ZS-2). */
  bandwidths: z.array(z.number().positive()).nonempty().nullable().default(null),
  /** Whether ½ MMD² or MMD² stands under the root. */
  scale: z.enum(['half', 'full']).nullable().default(null),
});

const realWeights = z.strictObject({
  ...classifyWeights,
  /** Classification, for what of the trunk is trained. */
  trunkClassify: weight.default(0.5),
  /** λ of the MMD loss, for the generator. */
  content: weight.default(50),
});

const optimizers = z.strictObject({
  heads: optimizerSettings,
  generator: optimizerSettings,
  /** With `backbone.train` or `backbone.aspp`. */
  backbone: trunkOptimizer.nullish(),
});

const finetune = z.strictObject({ ...finetuneShape, weights: realWeights.extend(finetuneWeights).prefault({}) });

/** Settings of ZS3Net in an experiment file, under the keys `zs3net`, `train`, `finetune`, `selfTrain` and `finetune2`. */
export const zs3netSettings = z.strictObject({
  zs3net: z
    .strictObject({
      network: z
        .strictObject({ generator: gmmnSettings.prefault({}), classifier: classifierSettings.prefault({}) })
        .prefault({}),
      mmd: gmmnLoss.prefault({}),
    })
    .prefault({}),
  train: z.strictObject({ ...learningShape, weights: realWeights.prefault({}), optimizers }),
  finetune,
  /** Self-training behind the fine-tuning (ZS5Net). */
  selfTrain: z
    .strictObject({ ...selfTrainShape, weights: realWeights.extend(finetuneWeights).prefault({}), optimizers })
    .optional(),
  /** A second fine-tuning behind the self-training. */
  finetune2: finetune.optional(),
  ...calibrationShape,
});

/** Validated settings, before the profile has decided what they leave open. */
export type Zs3NetSettings = z.infer<typeof zs3netSettings>;
/** A checked experiment of this method. */
export type Zs3NetConfig = ZeroShotConfig & Zs3NetSettings;
/** Weights λ of a step on real features. */
export type Zs3NetWeights = z.infer<typeof realWeights>;

/** Choices of the quirk register about the generator and its loss, decided. */
export interface GmmnChoices {
  readonly noise: NoiseKind;
  readonly bandwidths: readonly number[];
  readonly scale: 'half' | 'full';
}

/** {@link GmmnChoices} and what the heads of the comparison read. */
export interface Zs3NetChoices extends GmmnChoices {
  readonly centre: { readonly offset: number; readonly scale: number };
}

type Profile = 'default' | 'official';

const GMMN: Readonly<Record<Profile, GmmnChoices>> = {
  default: { noise: 'gaussian', bandwidths: MMD_BANDWIDTHS, scale: 'half' },
  // ZS-2: the largest bandwidth of the paper is 60.
  official: { noise: 'uniform', bandwidths: [2, 5, 10, 20, 40, 80], scale: 'full' },
};

const CENTRE: Readonly<Record<Profile, Zs3NetChoices['centre']>> = {
  default: { offset: 0.5, scale: 4 },
  official: { offset: 0, scale: 1 },
};

/** The generator's choices: those of the settings, else those of the profile. */
export function chooseGmmn(
  profile: Profile,
  generator: z.output<typeof gmmnSettings>,
  { bandwidths, scale }: Pick<z.output<typeof gmmnLoss>, 'bandwidths' | 'scale'>,
): GmmnChoices {
  return { ...GMMN[profile], ...stated<GmmnChoices>({ noise: generator.noiseKind, bandwidths, scale }) };
}

/** Fills what the settings leave open by the profile's choices. */
export function chooseZs3Net(profile: Profile, { network, mmd }: Zs3NetSettings['zs3net']): Zs3NetChoices {
  return {
    ...chooseGmmn(profile, network.generator, mmd),
    centre: network.classifier.centre ?? CENTRE[profile],
  };
}

/** Graph context of the generator (ZS-5); `null` where the profile decides. */
export const graphSettings = z.strictObject({
  /** By what a region is described. */
  features: z.enum(['first', 'mean']).nullable().default(null),
  /** Whether a region also hears itself. */
  selfLoops: z.boolean().nullable().default(null),
  /** Whether neighbours count by their degrees. */
  normalize: z.boolean().nullable().default(null),
  /** Regions without a label: they have no vector and do not count in the loss, or are taken for background. */
  ignored: z.enum(['hidden', 'background']).nullable().default(null),
});

/** {@link graphSettings}, decided. */
export interface GraphChoices {
  readonly features: NodeFeatureKind;
  readonly selfLoops: boolean;
  readonly normalize: boolean;
  readonly ignored: 'hidden' | 'background';
}

const GRAPH: Readonly<Record<Profile, GraphChoices>> = {
  default: { features: 'mean', selfLoops: true, normalize: true, ignored: 'hidden' },
  official: { features: 'first', selfLoops: false, normalize: false, ignored: 'background' },
};

/** The choices of the graph context: those of the settings, else those of the profile. */
export function chooseGraph(profile: Profile, given: z.output<typeof graphSettings>): GraphChoices {
  const { features, selfLoops, normalize, ignored } = given;
  return { ...GRAPH[profile], ...stated<GraphChoices>({ features, selfLoops, normalize, ignored }) };
}

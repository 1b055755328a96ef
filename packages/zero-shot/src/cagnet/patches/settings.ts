import { optimizerSettings, positiveInteger, trainingShape } from '@unseen/experiment';
import { z } from 'zod';
import type { ZeroShotConfig } from '../../protocol/settings.ts';
import { cagnetSettings } from '../settings.ts';

const count = positiveInteger();
const rate = z.number().min(0).lt(1);

const { iterations, logEvery, checkpointEvery } = trainingShape;

/** Settings of the generator of category patches and of the files of patches (Gu et al. 2022). */
const patches = z.strictObject({
  /** Side of a patch, in positions of the feature grid, and of the classifier's kernel. */
  size: z.union([z.literal(3), z.literal(5), z.literal(7)]).default(3),
  /** Files for each fine-tuning. */
  files: count.default(8),
  perFile: count.default(4096),
  /** Patches of a single class for each one that is generated. */
  pure: z.number().nonnegative().default(8),
  /**
   * What the generator is told while it learns: one category that the patch shows, or, as in the released code, the category of
   * each pixel, which gives away what is to be predicted. null: the profile decides.
   */
  condition: z.enum(['category', 'target']).nullable().default(null),
  /** Whether the pixels of a synthetic patch share their latent code, as released, or each has its own. */
  latent: z.enum(['shared', 'own']).default('shared'),
  network: z
    .strictObject({
      layers: count.default(8),
      width: count.default(64),
      kernel: z
        .int()
        .positive()
        .refine((kernel) => kernel % 2 === 1, 'an odd number')
        .default(7),
      dropout: rate.default(0.5),
    })
    .prefault({}),
  training: z.strictObject({
    iterations,
    logEvery,
    checkpointEvery,
    /** Label maps of a step. */
    images: count.default(6),
    /** Patches of a step, drawn from those of its label maps. */
    batch: count.default(4096),
    optimizer: optimizerSettings,
  }),
  sampling: z
    .strictObject({
      /** First pixels of a patch that show its unseen category; null: half of them. */
      given: count.nullable().default(null),
      /** Unseen pixels that a patch must have; null: 7/9 of them. */
      minUnseen: count.nullable().default(null),
      maxCategories: count.default(3),
      /** Most probable classes that are drawn from; null: all. */
      topK: count.nullable().default(null),
      /** Added to the probability of each unseen class. */
      unseenBoost: z.number().nonnegative().default(0),
      /** Flattens the probabilities by a second softmax. */
      doubleSoftmax: z.boolean().default(true),
      /** Probability of a patch of a single unseen class instead. */
      pureProbability: z.number().min(0).max(1).default(0),
    })
    .prefault({}),
});

/** Settings of patch-wise CaGNet: those of CaGNet, in which `draws` counts patches, and the block `patches`. */
export const cagnetPatchSettings = cagnetSettings.extend({ patches });

/** Checked block `patches`. */
export type PatchSettings = z.output<typeof patches>;

/** A checked experiment of patch-wise CaGNet. */
export type CagnetPatchConfig = ZeroShotConfig & z.output<typeof cagnetPatchSettings>;

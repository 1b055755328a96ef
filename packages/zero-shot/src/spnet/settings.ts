import { positiveInteger, trainingShape, trunkOptimizer } from '@unseen/experiment';
import { z } from 'zod';
import type { ZeroShotConfig } from '../protocol/settings.ts';

const count = positiveInteger();

/** What the search for γ holds out, and which values it tries. */
const search = z.strictObject({
  /** Pseudo-unseen classes: names of seen classes, or how many to draw. */
  pseudoUnseen: z.union([z.array(z.string()).min(1), count]).default(3),
  /** Training images that play validation: every n-th, or the last n. */
  images: z.union([z.strictObject({ every: z.int().min(2) }), z.strictObject({ last: count })]).default({ every: 4 }),
  /** Distance of the values of γ, from 0 to below 1. */
  step: z.number().min(0.001).max(0.5).default(0.05),
});

/** Settings of SPNet in an experiment file, under the keys `spnet`, `train` and `calibration`. */
export const spnetSettings = z.strictObject({
  spnet: z
    .strictObject({
      /** From the feature map to the space of the class vectors; null: `backbone.aspp` makes that many channels itself. */
      projection: z
        .strictObject({
          hidden: z.array(count).default([]),
          dropout: z.number().min(0).lt(1).default(0.5),
        })
        .nullable()
        .prefault({}),
      /** How the cross-entropies of the scales and of their maximum become one loss (SP-1). */
      scaleLosses: z.enum(['sum', 'mean']).default('sum'),
    })
    .prefault({}),
  train: z.strictObject({ ...trainingShape, optimizer: trunkOptimizer }),
  /** Calibrated stacking, for the method `spnet-c`. */
  calibration: z
    .strictObject({
      /** γ, or `search`: that which is best on seen classes held out. */
      gamma: z.union([z.number().min(0).max(1), z.literal('search')]).default('search'),
      search: search.prefault({}),
    })
    .prefault({}),
});

/** Validated settings of SPNet. */
export type SpnetSettings = z.infer<typeof spnetSettings>;
/** A checked experiment of this method. */
export type SpnetConfig = ZeroShotConfig & SpnetSettings;

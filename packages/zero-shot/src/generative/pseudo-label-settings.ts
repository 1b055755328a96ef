import type { PseudoLabelRule } from '@unseen/classifier';
import { z } from 'zod';
import { stageShape } from './settings.ts';

/** Which unlabelled pixels self-training labels (ST-2); `null` where the profile decides. */
export const pseudoLabelSettings = z.strictObject({
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
  topRanks: z.int().positive().default(1),
  /** Whether the padding of crops stays unlabelled. */
  excludePadding: z.boolean().nullable().default(null),
});

/** Settings of a stage of self-training. */
export const selfTrainShape = {
  ...stageShape,
  /** Side of its crops; null: that of the experiment. */
  crop: z.int().positive().nullish(),
  pseudoLabels: pseudoLabelSettings.prefault({}),
};

/** Checked {@link pseudoLabelSettings}. */
export type PseudoLabelSettings = z.output<typeof pseudoLabelSettings>;

/** How self-training labels: settings and profile, decided. */
export interface PseudoLabelling {
  readonly teacher: 'finetuned' | 'current';
  readonly rule: PseudoLabelRule;
  /** Whether the padding of crops stays unlabelled (ST-2). */
  readonly excludePadding: boolean;
}

/** What the settings ask for, with what the profile decides filled in. */
export function pseudoLabelRule(
  { teacher, mode, share, per, topRanks, excludePadding }: PseudoLabelSettings,
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

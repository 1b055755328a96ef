import type { Dataset, Sample, ZeroShotSplit } from '@unseen/core';
import { checkSplit } from './contiguous-labels.ts';

/** What a report must say where {@link leakUnseenLayouts} is used: the topic `leakage` of a run's protocol. */
export const LAYOUT_LEAK =
  'masks of unseen classes in the training images (their positions, shapes and frequency). These figures are not ' +
  'zero-shot and must not be compared with figures that are';

/** Training samples whose masks show unseen classes. */
export interface LeakedTraining {
  readonly split: ZeroShotSplit;
  /** Unguarded, unlike those of `GuardedTraining`. */
  readonly leaked: readonly Sample[];
  /** {@link LAYOUT_LEAK}: belongs in the metrics and the report of whoever uses the samples. */
  readonly warning: string;
}

/**
 * The only way around the leakage guard: the training subset with the masks of unseen classes, for methods whose released
 * code takes the layouts of synthetic scenes from them (ZS3Net: ZS-1 in docs/methods/zs3net.md).
 */
export function leakUnseenLayouts(dataset: Dataset, split: ZeroShotSplit): LeakedTraining {
  checkSplit(split);
  return { split, leaked: dataset.train, warning: LAYOUT_LEAK };
}

import { requireWholeNumber } from '@unseen/core';
import { forEachCandidate, type PseudoLabelOptions } from './candidates.ts';

/** Options of {@link rankPseudoLabels}. */
export interface RankOptions extends PseudoLabelOptions {
  /** How many of the best ranks are considered. */
  readonly topRanks: number;
}

/**
 * Labels for self-training as the released code makes them (ST-2): a labelled pixel keeps its label; any other gets the
 * best-ranked unseen class among its `topRanks` highest logits, or stays unlabelled where there is none.
 *
 * @param scores [positions · logits]
 * @param labels channel of each position, 255 where there is none: [positions]
 */
export function rankPseudoLabels(scores: Float32Array, labels: ArrayLike<number>, options: RankOptions): Int32Array {
  const { seen, unseen, topRanks } = options;
  requireWholeNumber(topRanks, 1, `topRanks ${topRanks}`);
  const extended = Int32Array.from(labels);
  forEachCandidate(scores, labels, options, (position, pixel) => {
    let best = seen;
    for (let channel = seen + 1; channel < seen + unseen; channel++) if (pixel[channel] > pixel[best]) best = channel;
    let rank = 0;
    for (const score of pixel) if (score > pixel[best]) rank++;
    if (rank < topRanks) extended[position] = best;
  });
  return extended;
}

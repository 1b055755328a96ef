import { IGNORE } from '@unseen/core';

/** Options of {@link rankPseudoLabels}. */
export interface RankOptions {
  /** Logits of a pixel; a dead channel behind the classes takes part in the ranking (CG-11). */
  readonly logits: number;
  readonly seen: number;
  readonly unseen: number;
  /** How many of the best ranks are considered. */
  readonly topRanks: number;
}

/**
 * Labels for self-training as the released code makes them (spec §7.9): a labelled pixel keeps its label; any other gets
 * the best-ranked unseen class among its `topRanks` highest logits, or stays unlabelled where there is none.
 *
 * @param scores [positions · logits]
 * @param labels channel of each position, 255 where there is none: [positions]
 */
export function rankPseudoLabels(
  scores: Float32Array,
  labels: ArrayLike<number>,
  { logits, seen, unseen, topRanks }: RankOptions,
): Int32Array {
  return Int32Array.from(labels, (label, position) => {
    if (label !== IGNORE) return label;
    const pixel = scores.subarray(position * logits, (position + 1) * logits);
    let best = seen;
    for (let channel = seen + 1; channel < seen + unseen; channel++) if (pixel[channel] > pixel[best]) best = channel;
    const rank = pixel.reduce((above, score) => above + (score > pixel[best] ? 1 : 0), 0);
    return rank < topRanks ? best : IGNORE;
  });
}

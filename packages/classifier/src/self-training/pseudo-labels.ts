import type { PseudoLabelOptions } from './candidates.ts';
import { confidencePseudoLabels } from './confidence-pseudo-labels.ts';
import { rankPseudoLabels } from './rank-pseudo-labels.ts';

/** Which unlabelled pixels self-training labels, and with what (ST-2). */
export type PseudoLabelRule =
  /** {@link rankPseudoLabels}, as released. */
  | { readonly mode: 'rank'; readonly topRanks: number }
  /** {@link confidencePseudoLabels}, as the papers say. */
  | { readonly mode: 'confidence'; readonly share: number; readonly per: 'image' | 'class' };

/**
 * Labels for self-training: labelled pixels keep their label, some of the others get one of an unseen class, the rest
 * stays 255. A share outside (0, 1] and fewer than one rank are `UserError`s.
 *
 * @param scores [positions · logits]
 * @param labels channel of each position, 255 where there is none: [positions]
 */
export function pseudoLabels(
  rule: PseudoLabelRule,
  scores: Float32Array,
  labels: ArrayLike<number>,
  options: PseudoLabelOptions,
): Int32Array {
  return rule.mode === 'rank'
    ? rankPseudoLabels(scores, labels, { ...options, ...rule })
    : confidencePseudoLabels(scores, labels, { ...options, ...rule });
}

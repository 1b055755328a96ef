import { unseenProbabilityOfRate } from './label-prior.ts';

/** Weight of an unseen class less that of a seen one (`gen_unseen_rate`) in the released configurations (spec §7.6). */
const RATES = { voc12: 9, context: 14, cocostuff: 59 } as const;

/** Names that stand for a share of synthetic pixels of unseen classes: the paper's choice and the released ones. */
export const UNSEEN_PRESETS = ['balanced', 'voc12', 'context', 'cocostuff'] as const;

/** One of {@link UNSEEN_PRESETS}. */
export type UnseenPreset = (typeof UNSEEN_PRESETS)[number];

/**
 * Probability that a synthetic pixel is of an unseen class (CG-9): as given, ½ for `balanced` (the best ratio of the
 * paper's ablation), or what the rate of a released configuration gives with these numbers of classes (spec §7.7).
 */
export function unseenProbabilityOf(
  given: number | UnseenPreset,
  classes: { readonly seen: number; readonly unseen: number },
): number {
  if (typeof given === 'number') return given;
  return given === 'balanced' ? 0.5 : unseenProbabilityOfRate({ ...classes, rate: RATES[given] });
}

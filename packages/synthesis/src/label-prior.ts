import { type RandomStream, UserError } from '@unseen/core';

/**
 * Probability of each class, by train id, when labels for synthetic features are drawn: uniform inside the seen and inside the
 * unseen classes (spec of CaGNet's fine-tuning). Seen classes come first.
 */
export function labelPrior(options: { seen: number; unseen: number; unseenProbability: number }): Float64Array {
  const { seen, unseen, unseenProbability } = options;
  if (!(unseenProbability >= 0 && unseenProbability <= 1)) {
    throw new UserError({ given: `unseen probability ${unseenProbability}`, expected: 'a number from 0 to 1' });
  }
  return Float64Array.from({ length: seen + unseen }, (_, c) =>
    c < seen ? (1 - unseenProbability) / seen : unseenProbability / unseen,
  );
}

/** P(unseen) of the released configurations' `gen_unseen_rate` r: weight 1 for a seen class, 1 + r for an unseen one. */
export function unseenProbabilityOfRate(options: { seen: number; unseen: number; rate: number }): number {
  const weight = options.unseen * (1 + options.rate);
  return weight / (options.seen + weight);
}

/** Draws one train id per element, independently. */
export function drawLabels(out: Int32Array, prior: Float64Array, random: RandomStream): Int32Array {
  const cumulative = prior.map((_, c) => prior.subarray(0, c + 1).reduce((sum, p) => sum + p, 0));
  const last = prior.length - 1;
  for (let i = 0; i < out.length; i++) {
    const u = random.uniform() * cumulative[last];
    const trainId = cumulative.findIndex((sum) => u < sum);
    out[i] = trainId < 0 ? last : trainId;
  }
  return out;
}

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

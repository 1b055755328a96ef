import { type RandomStream, UserError } from '@unseen/core';

/**
 * Probability of each class, by train id, in the labels of synthetic features: uniform among the seen and among the
 * unseen classes, which come last (docs/methods/cagnet.md, CG-9).
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

/**
 * P(unseen) for the setting `gen_unseen_rate` r of CaGNet's released code: a seen class has weight 1, an unseen one 1 +
 * r.
 */
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

/** `gen_unseen_rate` in CaGNet's released configurations: the weight of an unseen class minus that of a seen one. */
const RATES = { voc12: 9, context: 14, cocostuff: 59 } as const;

/** Named shares of synthetic pixels of unseen classes: the paper's choice and those of the released configurations. */
export const UNSEEN_PRESETS = ['balanced', 'voc12', 'context', 'cocostuff'] as const;

/** One of {@link UNSEEN_PRESETS}. */
export type UnseenPreset = (typeof UNSEEN_PRESETS)[number];

/**
 * Probability that a synthetic pixel belongs to an unseen class (CG-9): the given number, ½ for `balanced` (the best
 * ratio in the paper's ablation), or that of a released configuration for these numbers of classes.
 */
export function unseenProbabilityOf(
  given: number | UnseenPreset,
  classes: { readonly seen: number; readonly unseen: number },
): number {
  if (typeof given === 'number') return given;
  return given === 'balanced' ? 0.5 : unseenProbabilityOfRate({ ...classes, rate: RATES[given] });
}

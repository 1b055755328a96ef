import { type RandomStream, UserError } from '@unseen/core';

/**
 * Probability of each channel when labels for synthetic features are drawn: uniform inside the seen and inside the
 * unseen classes (spec of CaGNet's fine-tuning). Channels are seen classes, then unseen ones.
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

/** Draws one channel per element, independently. */
export function drawLabels(out: Int32Array, prior: Float64Array, random: RandomStream): Int32Array {
  const cumulative = prior.map((_, c) => prior.subarray(0, c + 1).reduce((sum, p) => sum + p, 0));
  const last = prior.length - 1;
  for (let i = 0; i < out.length; i++) {
    const u = random.uniform() * cumulative[last];
    const channel = cumulative.findIndex((sum) => u < sum);
    out[i] = channel < 0 ? last : channel;
  }
  return out;
}

import type { NameRule } from './rename.ts';

/** What PyTorch calls the parts of a batch normalisation. */
export const TORCH_NORM: Readonly<Record<string, string>> = {
  weight: 'scale',
  bias: 'shift',
  running_mean: 'runningMean',
  running_var: 'runningVariance',
};

/** A group of a pattern that matches the parts of a batch normalisation, and no counter of batches. */
export const NORM_PART = `(${Object.keys(TORCH_NORM).join('|')})`;

/** Names under which networks keep an encoder, in front of its own names. */
export const WRAPPERS = '^(?:(?:backbone|encoder|base|trunk|resnet\\d*|vgg\\d*|[Ss]cale)\\.)*';

/** PyTorch keeps it beside every batch normalisation, for averages that are not used here. */
export const BATCH_COUNTER = [/num_batches_tracked$/, 'counters of batches'] as const;

/** Rules for a convolution without bias and the batch normalisation behind it, by patterns of their names. */
export function convNormRules(convolution: string, norm: string, name: string): NameRule[] {
  return [
    [new RegExp(`${convolution}\\.weight$`), () => `${name}.conv.weight`],
    [new RegExp(`${norm}\\.${NORM_PART}$`), (part) => `${name}.norm.${TORCH_NORM[part]}`],
  ];
}

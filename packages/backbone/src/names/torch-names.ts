import type { NameRule } from './rename.ts';

/** PyTorch's names for the parts of a batch normalisation. */
export const TORCH_NORM: Readonly<Record<string, string>> = {
  weight: 'scale',
  bias: 'shift',
  running_mean: 'runningMean',
  running_var: 'runningVariance',
};

/** A pattern group that matches the parts of a batch normalisation, except the batch counter. */
export const NORM_PART = `(${Object.keys(TORCH_NORM).join('|')})`;

/** Prefixes under which networks store an encoder. */
export const WRAPPERS = '^(?:(?:backbone|encoder|base|trunk|resnet\\d*|vgg\\d*|[Ss]cale)\\.)*';

/** PyTorch stores one per batch normalisation; it is not used here. */
export const BATCH_COUNTER = [/num_batches_tracked$/, 'counters of batches'] as const;

/** Rules for a convolution without bias and its batch normalisation, given patterns for their names. */
export function convNormRules(convolution: string, norm: string, name: string): NameRule[] {
  return [
    [new RegExp(`${convolution}\\.weight$`), () => `${name}.conv.weight`],
    [new RegExp(`${norm}\\.${NORM_PART}$`), (part) => `${name}.norm.${TORCH_NORM[part]}`],
  ];
}

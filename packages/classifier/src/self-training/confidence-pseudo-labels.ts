import { argMax, UserError } from '@unseen/core';
import { forEachCandidate, type PseudoLabelOptions } from './candidates.ts';

/** Options of {@link confidencePseudoLabels}. */
export interface ConfidenceOptions extends PseudoLabelOptions {
  /** Share of the found pixels that are labelled, rounded up: in (0, 1]. */
  readonly share: number;
  /** Whether the most confident ones are those of each image, or of each class among all images. */
  readonly per: 'image' | 'class';
}

/** A pixel whose highest score is that of an unseen class. */
interface Found {
  readonly position: number;
  readonly channel: number;
  /** Odds against it. Where they are tiny the probability would be 1 for all. */
  readonly doubt: number;
}

/**
 * Labels for self-training as the papers describe them (ZS3Net's ZS5, CaGNet §3.6): of the unlabelled pixels whose
 * highest score is that of an unseen class, the most confident `share` of each image (or of each class) get that class.
 * Among equals the first in reading order win.
 *
 * @param scores [positions · logits]
 * @param labels channel of each position, 255 where there is none: [positions]
 */
export function confidencePseudoLabels(
  scores: Float32Array,
  labels: ArrayLike<number>,
  options: ConfidenceOptions,
): Int32Array {
  const { seen, unseen, imagePixels = labels.length, share, per } = options;
  if (!(share > 0 && share <= 1)) {
    throw new UserError({
      given: `pseudo labels of the share ${share} of the pixels`,
      expected: 'more than 0, at most 1',
    });
  }
  if (labels.length > 0 && labels.length % imagePixels !== 0) {
    throw new RangeError(`${labels.length} positions of images of ${imagePixels}`);
  }
  // A product like .1 · 30 is a little more than it should be.
  const keptOf = (count: number) => Math.ceil(share * count - 1e-9);
  const groups = new Map<number, Found[]>();
  forEachCandidate(scores, labels, options, (position, pixel) => {
    const channel = argMax(pixel);
    if (channel < seen || channel >= seen + unseen) return;
    const found = { position, channel, doubt: oddsAgainst(pixel, channel) };
    const key = per === 'image' ? Math.floor(position / imagePixels) : channel;
    const group = groups.get(key);
    if (group) group.push(found);
    else groups.set(key, [found]);
  });
  const extended = Int32Array.from(labels);
  for (const group of groups.values()) {
    const sorted = group.toSorted((a, b) => a.doubt - b.doubt);
    for (const { position, channel } of sorted.slice(0, keptOf(group.length))) extended[position] = channel;
  }
  return extended;
}

/** (1 - p) / p of the softmax p of a channel. */
function oddsAgainst(pixel: Float32Array, channel: number): number {
  let sum = 0;
  for (let other = 0; other < pixel.length; other++)
    if (other !== channel) sum += Math.exp(pixel[other] - pixel[channel]);
  return sum;
}

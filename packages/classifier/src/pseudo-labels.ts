import { argMax, IGNORE, requireWholeNumber, UserError } from '@unseen/core';

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
 * @param labels trainId of each position, 255 where there is none: [positions]
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

/** What the scores are of that pseudo labels are made from. */
export interface PseudoLabelOptions {
  /** Logits of a pixel; a dead trainId behind the classes takes part in the competition (CG-11). */
  readonly logits: number;
  /** Channels below this are seen classes. */
  readonly seen: number;
  /** So many channels behind those are unseen classes. */
  readonly unseen: number;
  /** Pixels of an image, where they are chosen by image. Default: one image. */
  readonly imagePixels?: number;
  /** 0 where a pixel gets no label, such as padding (ST-2): [positions]. Default: any unlabelled pixel may get one. */
  readonly candidates?: ArrayLike<number>;
}

/** Calls `visit` with every pixel that may get a label, and its scores. */
export function forEachCandidate(
  scores: Float32Array,
  labels: ArrayLike<number>,
  { logits, seen, unseen, candidates }: PseudoLabelOptions,
  visit: (position: number, pixel: Float32Array) => void,
): void {
  if (scores.length !== labels.length * logits || logits < seen + unseen) {
    throw new RangeError(`${scores.length} scores for ${labels.length} pixels of ${logits} logits`);
  }
  if (candidates && candidates.length !== labels.length) {
    throw new RangeError(`${candidates.length} candidates for ${labels.length} pixels`);
  }
  if (unseen < 1) {
    throw new UserError({ given: 'self-training without unseen classes', expected: 'a split with at least one' });
  }
  for (let position = 0; position < labels.length; position++) {
    if (labels[position] !== IGNORE || candidates?.[position] === 0) continue;
    visit(position, scores.subarray(position * logits, (position + 1) * logits));
  }
}

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
 * @param labels trainId of each position, 255 where there is none: [positions]
 */
export function rankPseudoLabels(scores: Float32Array, labels: ArrayLike<number>, options: RankOptions): Int32Array {
  const { seen, unseen, topRanks } = options;
  requireWholeNumber(topRanks, 1, `topRanks ${topRanks}`);
  const extended = Int32Array.from(labels);
  forEachCandidate(scores, labels, options, (position, pixel) => {
    let best = seen;
    for (let trainId = seen + 1; trainId < seen + unseen; trainId++) if (pixel[trainId] > pixel[best]) best = trainId;
    let rank = 0;
    for (const score of pixel) if (score > pixel[best]) rank++;
    if (rank < topRanks) extended[position] = best;
  });
  return extended;
}

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
  readonly trainId: number;
  /** Odds against it. Where they are tiny the probability would be 1 for all. */
  readonly doubt: number;
}

/**
 * Labels for self-training as the papers describe them (ZS3Net's ZS5, CaGNet §3.6): of the unlabelled pixels whose
 * highest score is that of an unseen class, the most confident `share` of each image (or of each class) get that class.
 * Among equals the first in reading order win.
 *
 * @param scores [positions · logits]
 * @param labels trainId of each position, 255 where there is none: [positions]
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
    const trainId = argMax(pixel);
    if (trainId < seen || trainId >= seen + unseen) return;
    const found = { position, trainId, doubt: oddsAgainst(pixel, trainId) };
    const key = per === 'image' ? Math.floor(position / imagePixels) : trainId;
    const group = groups.get(key);
    if (group) group.push(found);
    else groups.set(key, [found]);
  });
  const extended = Int32Array.from(labels);
  for (const group of groups.values()) {
    const sorted = group.toSorted((a, b) => a.doubt - b.doubt);
    for (const { position, trainId } of sorted.slice(0, keptOf(group.length))) extended[position] = trainId;
  }
  return extended;
}

/** (1 - p) / p of the softmax p of a trainId. */
function oddsAgainst(pixel: Float32Array, trainId: number): number {
  let sum = 0;
  for (let other = 0; other < pixel.length; other++)
    if (other !== trainId) sum += Math.exp(pixel[other] - pixel[trainId]);
  return sum;
}

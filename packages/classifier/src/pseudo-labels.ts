import { argMax, ignoreAmong, requireWholeNumber, UserError } from '@unseen/core';

/** Rule by which self-training labels unlabelled pixels (ST-2). */
export type PseudoLabelRule =
  /** {@link rankPseudoLabels}, as in the released code. */
  | { readonly mode: 'rank'; readonly topRanks: number }
  /** {@link confidencePseudoLabels}, as in the papers. */
  | { readonly mode: 'confidence'; readonly share: number; readonly per: 'image' | 'class' };

/**
 * Labels for self-training: labelled pixels keep their labels, some of the others get an unseen class, and the rest
 * stay unlabelled. A share outside (0, 1] and fewer than one rank are `UserError`s.
 *
 * @param scores [positions · logits]
 * @param labels train id of each position, {@link ignoreAmong} if unlabelled: [positions]
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

/** Layout of the scores for pseudo labels. */
export interface PseudoLabelOptions {
  /** Logits per pixel; a dead logit after the classes competes too (CG-11). */
  readonly logits: number;
  /** Number of seen classes, which come first. */
  readonly seen: number;
  /** Number of unseen classes, which follow. */
  readonly unseen: number;
  /** Pixels per image, if they are chosen per image. Default: one image. */
  readonly imagePixels?: number;
  /**
   * 0 for pixels that must not be labelled, such as padding (ST-2): [positions]. Default: any unlabelled pixel may be
   * labelled.
   */
  readonly candidates?: ArrayLike<number>;
}

/** Calls `visit` for every pixel that may be labelled, with its scores. */
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
    throw new UserError({
      given: 'self-training without unseen classes',
      expected: 'a split with at least one unseen class',
    });
  }
  const unlabelled = ignoreAmong(seen + unseen);
  for (let position = 0; position < labels.length; position++) {
    if (labels[position] !== unlabelled || candidates?.[position] === 0) continue;
    visit(position, scores.subarray(position * logits, (position + 1) * logits));
  }
}

/** Options of {@link rankPseudoLabels}. */
export interface RankOptions extends PseudoLabelOptions {
  /** Number of top ranks to consider. */
  readonly topRanks: number;
}

/**
 * Labels for self-training as in the released code (ST-2): a labelled pixel keeps its label; any other gets the best
 * unseen class among its `topRanks` highest logits, or stays unlabelled if there is none.
 *
 * @param scores [positions · logits]
 * @param labels train id of each position, {@link ignoreAmong} if unlabelled: [positions]
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
  /** Share of the candidates to label, rounded up: in (0, 1]. */
  readonly share: number;
  /** Whether the most confident pixels are chosen per image, or per class over all images. */
  readonly per: 'image' | 'class';
}

/** A pixel with an unseen class as its best class. */
interface Found {
  readonly position: number;
  readonly trainId: number;
  /** Odds against the class. Tiny odds can still be ranked, while the probability would round to 1. */
  readonly doubt: number;
}

/**
 * Labels for self-training as in the papers (ZS3Net's ZS5, CaGNet §3.6): of the unlabelled pixels whose best class is
 * unseen, the most confident `share` of each image (or of each class) get that class. Ties are resolved in reading
 * order.
 *
 * @param scores [positions · logits]
 * @param labels train id of each position, {@link ignoreAmong} if unlabelled: [positions]
 */
export function confidencePseudoLabels(
  scores: Float32Array,
  labels: ArrayLike<number>,
  options: ConfidenceOptions,
): Int32Array {
  const { seen, unseen, imagePixels = labels.length, share, per } = options;
  if (!(share > 0 && share <= 1)) {
    throw new UserError({
      given: `pseudo labels for a share of ${share} of the pixels`,
      expected: 'a share above 0 and at most 1',
    });
  }
  if (labels.length > 0 && labels.length % imagePixels !== 0) {
    throw new RangeError(`${labels.length} positions of images of ${imagePixels}`);
  }
  // The product .1 · 30 is slightly above 3.
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

/** (1 - p) / p for the softmax probability p of a class. */
function oddsAgainst(pixel: Float32Array, trainId: number): number {
  let sum = 0;
  for (let other = 0; other < pixel.length; other++)
    if (other !== trainId) sum += Math.exp(pixel[other] - pixel[trainId]);
  return sum;
}

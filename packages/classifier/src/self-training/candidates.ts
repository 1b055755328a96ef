import { IGNORE, UserError } from '@unseen/core';

/** What the scores are of that pseudo labels are made from. */
export interface PseudoLabelOptions {
  /** Logits of a pixel; a dead channel behind the classes takes part in the competition (CG-11). */
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

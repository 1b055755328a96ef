import { UserError } from '@unseen/core';

/**
 * How a curve of precision over recall becomes one number. `area`: the area under the curve after each precision is
 * raised to the highest at the same or a higher recall (Pascal VOC from 2010 on). `elevenPoint`: the mean of these
 * precisions at the recalls 0, .1, …, 1 (Pascal VOC 2007).
 */
export type Interpolation = 'area' | 'elevenPoint';

/**
 * Average precision of a ranking, best first: `hits` is 1 for a positive and 0 for a negative. `positives` counts all
 * positives, those that the ranking misses too. `null` without positives.
 *
 * @example
 * import { averagePrecision } from '@unseen/metrics';
 *
 * averagePrecision([1, 0, 1], 2); // → (1 + 2 / 3) / 2
 */
export function averagePrecision(
  hits: ArrayLike<number>,
  positives: number,
  interpolation: Interpolation = 'area',
): number | null {
  if (positives === 0) return null;
  // The best precision at a recall of i / positives or more, from the back.
  const best = new Float64Array(positives + 1);
  let found = 0;
  for (let i = 0; i < hits.length; i++) found += hits[i];
  if (found > positives) throw new RangeError(`${found} hits among ${positives} positives`);
  let highest = 0;
  for (let i = hits.length - 1; i >= 0; i--) {
    highest = Math.max(highest, found / (i + 1));
    best[found] = highest;
    found -= hits[i];
  }
  best[0] = Math.max(best[0], highest);
  if (interpolation === 'area') return best.subarray(1).reduce((sum, precision) => sum + precision, 0) / positives;
  let sum = 0;
  for (let tenth = 0; tenth <= 10; tenth++) sum += best[Math.ceil((tenth * positives) / 10)];
  return sum / 11;
}

/** Average precision of each class and their mean; `null` without positives. */
export interface ClassAverages {
  readonly mean: number | null;
  readonly perClass: readonly (number | null)[];
}

/** The mean over the classes that have a value. */
export function averagesOf(perClass: readonly (number | null)[]): ClassAverages {
  const known = perClass.filter((value) => value !== null);
  return { mean: known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null, perClass };
}

/** Positions of the scores from the highest to the lowest; equal ones keep their order. */
export function rankingOf(scores: ArrayLike<number>): number[] {
  return Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
}

/**
 * Mean average precision of multi-label image classification. `labels` are 1 (the image shows the class), 0 (it does not)
 * or any other number (left out, as "difficult" is in Pascal VOC). Arrays that do not fit the classes and scores that are
 * NaN are {@link UserError}s.
 *
 * @param scores [images · classes]
 * @param labels [images · classes]
 */
export function classificationPrecision(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { classes, interpolation }: { readonly classes: number; readonly interpolation?: Interpolation },
): ClassAverages {
  if (scores.length !== labels.length || scores.length % classes !== 0) {
    throw new UserError({
      given: `${scores.length} scores and ${labels.length} labels`,
      expected: `one of each for ${classes} classes per image`,
    });
  }
  const images = Array.from({ length: scores.length / classes }, (_, image) => image);
  const perClass = Array.from({ length: classes }, (_, c) => {
    const counted = images.map((image) => image * classes + c).filter((i) => labels[i] === 0 || labels[i] === 1);
    const own = counted.map((i) => requireNumber(scores[i]));
    const ranked = rankingOf(own).map((at) => labels[counted[at]]);
    return averagePrecision(
      ranked,
      ranked.reduce((sum, label) => sum + label, 0),
      interpolation,
    );
  });
  return averagesOf(perClass);
}

/** A score that can be ranked; NaN is a {@link UserError}. */
export function requireNumber(score: number): number {
  if (!Number.isNaN(score)) return score;
  throw new UserError({ given: 'a score of NaN', expected: 'scores that can be ranked' });
}

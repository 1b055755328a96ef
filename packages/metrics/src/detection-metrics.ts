import { type InstanceSet, type RunLengths, UserError } from '@unseen/core';
import {
  averagePrecision,
  averagesOf,
  type ClassAverages,
  type Interpolation,
  rankingOf,
  requireNumber,
} from './average-precision.ts';
import { boxOverlaps, maskOverlaps } from './overlaps.ts';

/** Options of {@link DetectionMetrics}. */
export interface DetectionOptions {
  /** Class ids that are evaluated; objects and detections of others are left out. */
  readonly classes: readonly number[];
  /** Overlaps from which on a detection finds an object. Default .25, .5, .7 and .75. */
  readonly thresholds?: readonly number[];
  /** Default `area`. */
  readonly interpolation?: Interpolation;
  /**
   * Which object a detection is compared with: the one that it overlaps `best`, so that a second detection of an object
   * is false (Pascal VOC), or the best one that is still `free`. Default `best`.
   */
  readonly match?: 'best' | 'free';
}

/** Detections of one image. */
export interface Detections {
  readonly classes: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

/** The objects of one image. */
export interface TrueObjects {
  readonly classes: ArrayLike<number>;
  /** 1 for an object that need not be found: finding it neither counts nor harms. Default: none. */
  readonly difficult?: ArrayLike<number>;
}

/** How {@link DetectionMetrics.addInstances} compares. */
export interface InstanceOptions {
  /** Default `mask`. */
  readonly by?: 'mask' | 'box';
  /** Void pixels of the image, left out of all masks. Default: they belong to no object, but count in a union. */
  readonly ignore?: RunLengths;
}

/** What {@link DetectionMetrics.result} returns; classes are in the order of the options. */
export interface DetectionResult {
  /** At each threshold, in the order of the options. */
  readonly averagePrecision: readonly (ClassAverages & { readonly threshold: number })[];
  /** Mean over the objects of a class of the best overlap that any detection of the class has with it (ABO). */
  readonly bestOverlap: ClassAverages;
  /** Share of the images with the class in which its highest-scored detection overlaps an object of it by .5 or more. */
  readonly corLoc: ClassAverages;
}

const CORLOC_THRESHOLD = 0.5;

/** What has been counted of one class. */
class ClassTally {
  readonly scores: number[] = [];
  /** By threshold, parallel to the scores: 1 a hit, 0 a false detection, -1 neither. */
  readonly outcomes: number[][];
  objects = 0;
  overlapSum = 0;
  images = 0;
  localized = 0;

  constructor(thresholds: number) {
    this.outcomes = Array.from({ length: thresholds }, () => []);
  }
}

/**
 * Average precision of detected boxes (AP) or masks (AP^r, Hariharan et al. 2014), average best overlap and CorLoc
 * (Deselaers et al. 2012), image by image. Detections of a class are ranked by their scores over all images; one is
 * compared with the objects of its image and class, by the intersection over union, and hits the one that
 * {@link DetectionOptions.match} names if that overlap reaches the threshold and no detection above it has hit the object.
 * Equal scores keep the order in which they were added.
 *
 * @example
 * import { DetectionMetrics } from '@unseen/metrics';
 *
 * const metrics = new DetectionMetrics({ classes: [1], thresholds: [0.5] });
 * metrics.add({ classes: [1, 1], scores: [0.9, 0.8] }, { classes: [1] }, [0.2, 0.6]);
 * metrics.result().averagePrecision[0].mean; // → 0.5
 */
export class DetectionMetrics {
  private readonly options: Required<DetectionOptions>;
  private readonly tallies: ReadonlyMap<number, ClassTally>;

  constructor({
    classes,
    thresholds = [0.25, 0.5, 0.7, 0.75],
    interpolation = 'area',
    match = 'best',
  }: DetectionOptions) {
    const bad = thresholds.find((threshold) => !(threshold > 0 && threshold <= 1));
    if (bad !== undefined)
      throw new UserError({ given: `an overlap threshold of ${bad}`, expected: '0 < threshold ≤ 1' });
    this.options = { classes, thresholds, interpolation, match };
    this.tallies = new Map(classes.map((id) => [id, new ClassTally(thresholds.length)]));
  }

  /**
   * Adds an image.
   *
   * @param overlaps intersection over union of each detection with each object, [detections · objects]; see `boxOverlaps`
   *   and `maskOverlaps`
   */
  add(detections: Detections, objects: TrueObjects, overlaps: ArrayLike<number>): this {
    const [found, wanted] = [detections.classes.length, objects.classes.length];
    if (overlaps.length !== found * wanted || detections.scores.length !== found) {
      throw new UserError({
        given: `${detections.scores.length} scores and ${overlaps.length} overlaps of ${found} detections and ${wanted} objects`,
        expected: 'a score for each detection, and an overlap for each pair',
      });
    }
    for (const [id, tally] of this.tallies) {
      const own = positionsOf(detections.classes, id);
      const ranked = rankingOf(own.map((i) => requireNumber(detections.scores[i]))).map((at) => own[at]);
      this.addClass(tally, ranked, detections.scores, {
        objects: positionsOf(objects.classes, id),
        isDifficult: (j) => objects.difficult?.[j] === 1,
        overlap: (i, j) => overlaps[i * wanted + j],
      });
    }
    return this;
  }

  /** Adds an image whose detections and objects are instances, by their masks or boxes. */
  addInstances(found: InstanceSet, truth: InstanceSet, { by = 'mask', ignore }: InstanceOptions = {}): this {
    const of = <T>({ items }: InstanceSet, value: (item: InstanceSet['items'][number]) => T) => items.map(value);
    const overlaps =
      by === 'mask'
        ? maskOverlaps(
            of(found, ({ mask }) => mask),
            of(truth, ({ mask }) => mask),
            ignore,
          )
        : boxOverlaps(
            of(found, ({ box }) => box),
            of(truth, ({ box }) => box),
          );
    const detections = { classes: of(found, ({ classId }) => classId), scores: of(found, ({ score }) => score) };
    return this.add(detections, { classes: of(truth, ({ classId }) => classId) }, overlaps);
  }

  private addClass(
    tally: ClassTally,
    ranked: readonly number[],
    scores: ArrayLike<number>,
    image: {
      readonly objects: readonly number[];
      readonly isDifficult: (object: number) => boolean;
      readonly overlap: (detection: number, object: number) => number;
    },
  ): void {
    const { objects, isDifficult, overlap } = image;
    const counted = objects.filter((j) => !isDifficult(j));
    tally.objects += counted.length;
    for (const j of counted) tally.overlapSum += Math.max(0, ...ranked.map((i) => overlap(i, j)));
    if (counted.length > 0) {
      tally.images++;
      const [top] = ranked;
      if (top !== undefined && objects.some((j) => overlap(top, j) >= CORLOC_THRESHOLD)) tally.localized++;
    }
    tally.scores.push(...ranked.map((i) => scores[i]));
    this.options.thresholds.forEach((threshold, t) => {
      const hit = new Set<number>();
      for (const i of ranked) {
        const candidates = this.options.match === 'free' ? objects.filter((j) => !hit.has(j)) : objects;
        const best = candidates.reduce((a, b) => (a >= 0 && overlap(i, a) >= overlap(i, b) ? a : b), -1);
        const reaches = best >= 0 && overlap(i, best) >= threshold;
        if (reaches && isDifficult(best)) tally.outcomes[t].push(-1);
        else tally.outcomes[t].push(reaches && !hit.has(best) ? 1 : 0);
        if (reaches && !isDifficult(best)) hit.add(best);
      }
    });
  }

  /** The metrics of all images so far. */
  result(): DetectionResult {
    const { thresholds, interpolation, classes } = this.options;
    const tallies = classes.map((id) => this.tallies.get(id)!);
    return {
      averagePrecision: thresholds.map((threshold, t) => ({
        threshold,
        ...averagesOf(
          tallies.map(({ scores, outcomes, objects }) => {
            const ranked = rankingOf(scores).map((i) => outcomes[t][i]);
            return averagePrecision(
              ranked.filter((outcome) => outcome >= 0),
              objects,
              interpolation,
            );
          }),
        ),
      })),
      bestOverlap: averagesOf(tallies.map(({ overlapSum, objects }) => (objects > 0 ? overlapSum / objects : null))),
      corLoc: averagesOf(tallies.map(({ localized, images }) => (images > 0 ? localized / images : null))),
    };
  }
}

function positionsOf(classes: ArrayLike<number>, id: number): number[] {
  return Array.from(classes, (one, i) => (one === id ? i : -1)).filter((i) => i >= 0);
}

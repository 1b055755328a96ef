import type { PixelArray } from './confusion-matrix.ts';
import { harmonicMean, type MetricClass } from './segmentation-metrics.ts';

/** Figures where the logits of unseen classes are raised by `gamma`. */
export interface CurvePoint {
  readonly gamma: number;
  readonly seenMIoU: number;
  readonly unseenMIoU: number;
}

/** How seen mIoU is exchanged for unseen mIoU, whatever the bias between the two groups. */
export interface SeenUnseenCurve {
  /** By rising γ: the first has no pixel of an unseen class, the last none of a seen one, and no two neighbours are equal. */
  readonly points: readonly CurvePoint[];
  /**
   * Area under the best unseen mIoU at each seen mIoU, with straight lines between the points that no other exceeds in both:
   * 1 for a perfect result.
   */
  readonly area: number;
  /** The best hIoU on the curve, and the γ where it is. */
  readonly best: { readonly gamma: number; readonly hIoU: number };
}

/** The best class of every pixel within each group. */
export interface BestOfGroups {
  /** Channel of the best seen class. */
  readonly seen: PixelArray;
  /** Channel of the best unseen class. */
  readonly unseen: PixelArray;
  /** Logit of the best seen class less that of the best unseen one. */
  readonly margin: Float32Array;
}

/** γ of the points: 0, and steps that grow in proportion to γ, up to ± 4,000. */
const GAMMAS = Float64Array.from({ length: 241 }, (_, i) => 0.05 * Math.sinh((i - 120) / 10));

/**
 * Counts pixels for a {@link SeenUnseenCurve}. Chao et al. (ECCV 2016) draw the curve for classification, by accuracies;
 * here it is drawn for segmentation, by mIoU. The winners of the two groups decide, so that one pass serves all γ.
 */
export class SeenUnseenCounts {
  private readonly classes: readonly Pick<MetricClass, 'group'>[];
  private readonly support: Float64Array;
  /** Pixels whose class changes at a γ, by what they were before (seen) or are from then on (unseen); [γ · classes]. */
  private readonly predicted: Float64Array;
  /** Those of them that are right. */
  private readonly hits: Float64Array;

  /** @param classes one per channel, in the order of the channels */
  constructor(classes: readonly Pick<MetricClass, 'group'>[]) {
    this.classes = classes;
    this.support = new Float64Array(classes.length);
    this.predicted = new Float64Array(GAMMAS.length * classes.length);
    this.hits = new Float64Array(GAMMAS.length * classes.length);
  }

  /** Counts the pixels of an image; labels that are not a channel are left out. */
  add(labels: PixelArray, { seen, unseen, margin }: BestOfGroups): void {
    const { predicted, hits, support } = this;
    const count = this.classes.length;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      if (label >= count) continue;
      support[label]++;
      const row = turningPoint(margin[i]) * count;
      predicted[row + seen[i]]++;
      predicted[row + unseen[i]]++;
      if (label === seen[i] || label === unseen[i]) hits[row + label]++;
    }
  }

  /** The curve; `null` without labelled pixels of both groups. */
  curve(): SeenUnseenCurve | null {
    const groups = (['seen', 'unseen'] as const).map((group) =>
      this.classes.flatMap((one, c) => (one.group === group && this.support[c] > 0 ? [c] : [])),
    );
    if (groups.some((members) => members.length === 0)) return null;
    const points = this.figures(groups).filter(
      ({ seenMIoU, unseenMIoU }, k, all) =>
        k === 0 || seenMIoU !== all[k - 1].seenMIoU || unseenMIoU !== all[k - 1].unseenMIoU,
    );
    const hIoUs = points.map(({ gamma, seenMIoU, unseenMIoU }) => ({
      gamma,
      hIoU: harmonicMean(seenMIoU, unseenMIoU)!,
    }));
    return {
      points,
      area: areaUnder(points),
      best: hIoUs.reduce((best, one) => (one.hIoU > best.hIoU ? one : best)),
    };
  }

  private figures(groups: readonly (readonly number[])[]): CurvePoint[] {
    const count = this.classes.length;
    // At the first γ every pixel has its best seen class.
    const predicted = new Float64Array(count);
    const hits = new Float64Array(count);
    const unseen = this.classes.map(({ group }) => group === 'unseen');
    const turn = (k: number, sign: (channel: number) => number) => {
      for (let c = 0; c < count; c++) {
        predicted[c] += sign(c) * this.predicted[k * count + c];
        hits[c] += sign(c) * this.hits[k * count + c];
      }
    };
    for (let k = 0; k < GAMMAS.length; k++) turn(k, (c) => (unseen[c] ? 0 : 1));
    return Array.from(GAMMAS, (gamma, k) => {
      if (k > 0) turn(k, (c) => (unseen[c] ? 1 : -1));
      const [seenMIoU, unseenMIoU] = groups.map(
        (members) =>
          members.reduce((sum, c) => sum + hits[c] / (this.support[c] + predicted[c] - hits[c]), 0) / members.length,
      );
      return { gamma, seenMIoU, unseenMIoU };
    });
  }
}

/** Index of the smallest γ that is greater than the margin; the first and the last γ stand for all beyond them. */
function turningPoint(margin: number): number {
  let low = 1;
  let high = GAMMAS.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (GAMMAS[middle] > margin) high = middle;
    else low = middle + 1;
  }
  return low;
}

function areaUnder(points: readonly CurvePoint[]): number {
  const best: CurvePoint[] = [];
  for (const point of points.toSorted((a, b) => b.seenMIoU - a.seenMIoU || b.unseenMIoU - a.unseenMIoU)) {
    if (best.length === 0 || point.unseenMIoU > best[best.length - 1].unseenMIoU) best.push(point);
  }
  const last = best[best.length - 1];
  return best.slice(1).reduce((sum, point, k) => sum + trapezoid(best[k], point), last.seenMIoU * last.unseenMIoU);
}

function trapezoid(a: CurvePoint, b: CurvePoint): number {
  return ((a.seenMIoU - b.seenMIoU) * (a.unseenMIoU + b.unseenMIoU)) / 2;
}

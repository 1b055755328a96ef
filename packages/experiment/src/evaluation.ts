import {
  type ClassInfo,
  ignoreOf,
  type LabelData,
  type LabelMap,
  type RgbImage,
  type ZeroShotSplit,
} from '@unseen/core';
import {
  type AbsentPolicy,
  type ClassMetrics,
  ConfusionMatrix,
  type GroupMetrics,
  type MetricClass,
  type MetricOptions,
  SeenUnseenCounts,
  type SeenUnseenCurve,
  type SegmentationMetrics,
  segmentationMetrics,
  type TransferControl,
  transferControl,
} from '@unseen/metrics';
import { bestOfParts, channelsFrom, labelsFromScores, type ScoreGrid } from '@unseen/vision';

/** Resolution at which predictions are scored: on the feature grid, at the size of the warped input, or at the image's own. */
export type Resolution = 'feature' | 'warp' | 'original';

/** One image under evaluation. */
export interface EvaluationImage {
  readonly id: string;
  /** Channel of each pixel at the resolution of the evaluation, 255 where it does not count. */
  readonly truth: LabelMap;
  /** For pictures. */
  image(): Promise<RgbImage>;
}

/** Something that scores the classes of image `index` on a grid. */
export type Scorer = (index: number) => Promise<ScoreGrid>;

/** Figures of a choice among the unseen classes alone, on their pixels alone. */
export interface VanillaMetrics extends GroupMetrics {
  readonly perClass: readonly ClassMetrics[];
}

/** Metrics with the counts behind them. */
export interface EvaluatedMethod extends SegmentationMetrics {
  /** Vanilla zero-shot segmentation; `null` without a labelled pixel of an unseen class. */
  readonly vanilla: VanillaMetrics | null;
  /** What the figures of the unseen classes have to exceed; `null` where every class is seen. */
  readonly control: TransferControl | null;
  /** `null` where every class is seen or no pixel of a group is labelled, and of calibrated scores, which are a point of another curve. */
  readonly curve: SeenUnseenCurve | null;
  /** Rows: truth, columns: prediction, in channel order. */
  readonly confusion: readonly (readonly number[])[];
}

/** Options of {@link evaluateScorers}. */
export interface EvaluationOptions {
  readonly images: AsyncIterable<EvaluationImage>;
  readonly scorers: Readonly<Record<string, Scorer>>;
  /** One per channel, seen ones first. */
  readonly classes: readonly ClassInfo[];
  readonly split: ZeroShotSplit;
  readonly resolution: Resolution;
  readonly absent?: AbsentPolicy;
  /** Called with every image and what each method predicts for it. */
  readonly onImage?: (
    image: EvaluationImage,
    predictions: Readonly<Record<string, LabelMap>>,
    index: number,
  ) => Promise<void>;
}

/**
 * Segments every image with every method and counts: bilinear interpolation of the scores to the truth's size,
 * arg max over exactly the classes of the split, one confusion matrix each. Beside it the vanilla setting: on
 * pixels of unseen classes, arg max over the unseen classes alone.
 */
export async function evaluateScorers(options: EvaluationOptions): Promise<Record<string, EvaluatedMethod>> {
  const { scorers, classes, split, resolution, absent } = options;
  const unseen = new Set(split.unseen);
  const table = classes.map(({ id, name }) => ({
    id,
    name,
    group: unseen.has(id) ? ('unseen' as const) : ('seen' as const),
  }));
  const counts = Object.fromEntries(
    Object.keys(scorers).map((name) => [name, new MethodCounts(table, split.seen.length)]),
  );
  let index = 0;
  for await (const image of options.images) {
    const { id, height, width } = image.truth;
    const predictions: Record<string, LabelMap> = {};
    for (const [name, score] of Object.entries(scorers)) {
      predictions[name] = { id, height, width, data: counts[name].add(image.truth, await score(index)) };
    }
    await options.onImage?.(image, predictions, index);
    index++;
  }
  return Object.fromEntries(
    Object.entries(counts).map(([name, counted]) => [name, counted.metrics({ resolution, ...(absent && { absent }) })]),
  );
}

/** Predictions of one method against the truth: among all classes, and among the unseen ones on their pixels. */
class MethodCounts {
  private readonly classes: readonly MetricClass[];
  private readonly firstUnseen: number;
  private readonly generalized: ConfusionMatrix;
  private readonly vanilla: ConfusionMatrix | undefined;
  private readonly curve: SeenUnseenCounts | undefined;
  private calibrated = false;

  constructor(classes: readonly MetricClass[], firstUnseen: number) {
    this.classes = classes;
    this.firstUnseen = firstUnseen;
    this.generalized = new ConfusionMatrix(classes.length);
    if (firstUnseen === classes.length) return;
    this.vanilla = new ConfusionMatrix(classes.length - firstUnseen);
    this.curve = new SeenUnseenCounts(classes);
  }

  /** Counts an image; gives the prediction among all classes. */
  add(truth: LabelMap, scores: ScoreGrid): LabelData {
    const { prediction, ofUnseen } = this.predict(truth, scores);
    this.generalized.add(truth.data, prediction);
    if (!this.vanilla) return prediction;
    const { firstUnseen } = this;
    const hidden = ignoreOf(truth.data);
    const isUnseen = (channel: number) => channel >= firstUnseen && channel !== hidden;
    const labels = truth.data.map((channel) => (isUnseen(channel) ? channel - firstUnseen : hidden));
    this.vanilla.add(labels, ofUnseen);
    return prediction;
  }

  metrics(options: Omit<MetricOptions, 'classes'>): EvaluatedMethod {
    const { vanilla, generalized, classes } = this;
    const metrics = segmentationMetrics(generalized, { ...options, classes });
    return {
      ...metrics,
      vanilla:
        vanilla && vanilla.total > 0
          ? pickVanilla(segmentationMetrics(vanilla, { ...options, classes: classes.slice(this.firstUnseen) }))
          : null,
      control: vanilla ? transferControl(generalized, classes, metrics.seenMIoU) : null,
      curve: (!this.calibrated && this.curve?.curve()) || null,
      confusion: generalized.toRows(),
    };
  }

  /** The best class of every pixel, and the best among the unseen ones, from 0 there. */
  private predict(truth: LabelMap, scores: ScoreGrid): { prediction: LabelData; ofUnseen: LabelData } {
    const size = [truth.height, truth.width] as const;
    const { firstUnseen } = this;
    if (!this.curve || scores.penalties) {
      this.calibrated = true;
      const ofUnseen = this.vanilla ? labelsFromScores(channelsFrom(scores, firstUnseen), size) : truth.data;
      return { prediction: labelsFromScores(scores, size), ofUnseen };
    }
    const { first: seen, second: unseen, margin } = bestOfParts(scores, size, firstUnseen);
    this.curve.add(truth.data, { seen, unseen, margin });
    return {
      prediction: seen.map((channel, i) => (margin[i] < 0 ? unseen[i] : channel)),
      ofUnseen: unseen.map((channel) => channel - firstUnseen),
    };
  }
}

function pickVanilla({ PA, MA, mIoU, FWIoU, perClass }: SegmentationMetrics): VanillaMetrics {
  return { PA, MA, mIoU, FWIoU, perClass };
}

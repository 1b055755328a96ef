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
  type MetricOptions,
  type SegmentationMetrics,
  segmentationMetrics,
} from '@unseen/metrics';
import { channelsFrom, labelsFromScores, type ScoreGrid } from '@unseen/vision';

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
  const firstUnseen = split.seen.length;
  const counts = Object.fromEntries(
    Object.keys(scorers).map((name) => [name, new MethodCounts(classes.length, firstUnseen)]),
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
  const unseen = new Set(split.unseen);
  const table = classes.map(({ id, name }) => ({
    id,
    name,
    group: unseen.has(id) ? ('unseen' as const) : ('seen' as const),
  }));
  return Object.fromEntries(
    Object.entries(counts).map(([name, counted]) => [
      name,
      counted.metrics({ classes: table, resolution, ...(absent && { absent }) }),
    ]),
  );
}

/** Predictions of one method against the truth: among all classes, and among the unseen ones on their pixels. */
class MethodCounts {
  private readonly generalized: ConfusionMatrix;
  private readonly vanilla: ConfusionMatrix | undefined;
  private readonly firstUnseen: number;

  constructor(classes: number, firstUnseen: number) {
    this.generalized = new ConfusionMatrix(classes);
    this.vanilla = firstUnseen < classes ? new ConfusionMatrix(classes - firstUnseen) : undefined;
    this.firstUnseen = firstUnseen;
  }

  /** Counts an image; gives the prediction among all classes. */
  add(truth: LabelMap, scores: ScoreGrid): LabelData {
    const size = [truth.height, truth.width] as const;
    const { firstUnseen } = this;
    const prediction = labelsFromScores(scores, size);
    this.generalized.add(truth.data, prediction);
    const hidden = ignoreOf(truth.data);
    const isUnseen = (channel: number) => channel >= firstUnseen && channel !== hidden;
    if (truth.data.some(isUnseen)) {
      const labels = truth.data.map((channel) => (isUnseen(channel) ? channel - firstUnseen : hidden));
      this.vanilla?.add(labels, labelsFromScores(channelsFrom(scores, firstUnseen), size));
    }
    return prediction;
  }

  metrics(options: MetricOptions): EvaluatedMethod {
    const { vanilla } = this;
    return {
      ...segmentationMetrics(this.generalized, options),
      vanilla:
        vanilla && vanilla.total > 0
          ? pickVanilla(segmentationMetrics(vanilla, { ...options, classes: options.classes.slice(this.firstUnseen) }))
          : null,
      confusion: this.generalized.toRows(),
    };
  }
}

function pickVanilla({ PA, MA, mIoU, FWIoU, perClass }: SegmentationMetrics): VanillaMetrics {
  return { PA, MA, mIoU, FWIoU, perClass };
}

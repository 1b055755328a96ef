import type { ClassInfo, LabelMap, RgbImage, ZeroShotSplit } from '@unseen/core';
import { type AbsentPolicy, ConfusionMatrix, type SegmentationMetrics, segmentationMetrics } from '@unseen/metrics';
import { labelsFromScores, type ScoreGrid } from '@unseen/vision';

/** Where predictions are compared with the truth: on the feature grid, at the size of the warped input, or at the image's own. */
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

/** Metrics with the counts behind them. */
export interface EvaluatedMethod extends SegmentationMetrics {
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
 * Segments every image with every method and counts (spec §10): bilinear interpolation of the scores to the truth's size,
 * arg max over exactly the classes of the split, one confusion matrix each.
 */
export async function evaluateScorers(options: EvaluationOptions): Promise<Record<string, EvaluatedMethod>> {
  const { scorers, classes, split, resolution, absent } = options;
  const matrices = Object.fromEntries(Object.keys(scorers).map((name) => [name, new ConfusionMatrix(classes.length)]));
  let index = 0;
  for await (const image of options.images) {
    const { truth } = image;
    const predictions: Record<string, LabelMap> = {};
    for (const [name, score] of Object.entries(scorers)) {
      const data = labelsFromScores(await score(index), [truth.height, truth.width]);
      matrices[name].add(truth.data, data);
      predictions[name] = { id: truth.id, height: truth.height, width: truth.width, data };
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
    Object.entries(matrices).map(([name, matrix]) => [
      name,
      {
        ...segmentationMetrics(matrix, { classes: table, resolution, ...(absent && { absent }) }),
        confusion: matrix.toRows(),
      },
    ]),
  );
}

import type { ConfusionMatrix } from './confusion-matrix.ts';
import { harmonicMean, type MetricClass } from './segmentation-metrics.ts';

/** Figures that a zero-shot result has to exceed before it shows transfer, in [0, 1]; `null` where undefined. */
export interface TransferControl {
  /** Unseen mIoU of each rotation of the names of the unseen classes among themselves, by 1, 2, … places. */
  readonly rotations: readonly (number | null)[];
  /** Mean unseen mIoU of the rotations. */
  readonly unseenMIoU: number | null;
  /** Harmonic mean of {@link unseenMIoU} and the seen mIoU, which no rotation changes. */
  readonly hIoU: number | null;
  /** Unseen mIoU of as many pixels of each class, placed at random among the labelled ones. */
  readonly chance: number | null;
}

/**
 * The control of a zero-shot result: the class vectors of the unseen classes change places, so that each class gets the
 * pixels that were predicted as another one. Where unseen classes enter a method by their vectors alone, this is what
 * the method predicts with rotated vectors, but for what it draws at random: no network has to be trained again.
 *
 * @param classes one per channel of the matrix, in its order; means run over unseen classes with labelled pixels
 */
export function transferControl(
  matrix: ConfusionMatrix,
  classes: readonly Pick<MetricClass, 'group'>[],
  seenMIoU: number | null,
): TransferControl {
  const unseen = classes.flatMap(({ group }, channel) => (group === 'unseen' ? [channel] : []));
  const total = matrix.total;
  const meanOf = (iou: (label: number, place: number) => number): number | null => {
    const labelled = unseen.map((label, place) => ({ label, place })).filter(({ label }) => matrix.support(label) > 0);
    return mean(labelled.map(({ label, place }) => iou(label, place)));
  };
  const overlap = (label: number, prediction: number, hits: number) =>
    hits / (matrix.support(label) + matrix.predicted(prediction) - hits);
  const rotations = unseen.slice(1).map((_, by) =>
    meanOf((label, place) => {
      const prediction = unseen[(place + by + 1) % unseen.length];
      return overlap(label, prediction, matrix.at(label, prediction));
    }),
  );
  const control = mean(rotations.filter((value) => value !== null));
  return {
    rotations,
    unseenMIoU: control,
    hIoU: harmonicMean(seenMIoU, control),
    chance: meanOf((label) => overlap(label, label, (matrix.support(label) * matrix.predicted(label)) / total)),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

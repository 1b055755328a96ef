import { UserError } from '@unseen/core';
import type { ConfusionMatrix } from './confusion-matrix.ts';

/** Side of a zero-shot split. Without one, every class is `seen`. */
export type ClassGroup = 'seen' | 'unseen';

/** A row of the class table; the place in the table is the channel. */
export interface MetricClass {
  /** Value in the mask files. */
  readonly id: number;
  readonly name: string;
  readonly group: ClassGroup;
}

/**
 * Which classes a mean runs over: `support` those with ground-truth pixels; `nan-mean` those with a defined value, so
 * that an absent class counts as 0 once it is predicted; `zero` all, undefined values being 0.
 */
export type AbsentPolicy = 'support' | 'nan-mean' | 'zero';

/** Figures of a group of classes, in [0, 1]; `null` where undefined. */
export interface GroupMetrics {
  readonly PA: number | null;
  readonly MA: number | null;
  readonly mIoU: number | null;
  /** Frequency-weighted IoU: frequencies are those among all labelled pixels, also within a group. */
  readonly FWIoU: number | null;
}

/** Figures of one class. */
export interface ClassMetrics extends MetricClass {
  /** `null` when the class is neither labelled nor predicted. */
  readonly iou: number | null;
  /** `null` when the class has no labelled pixel. */
  readonly accuracy: number | null;
  /** Ground-truth pixels. */
  readonly support: number;
}

/** The one shape of segmentation results; JSON-safe, undefined values are `null`, never 0 or NaN. */
export interface SegmentationMetrics extends GroupMetrics {
  readonly seenMIoU: number | null;
  readonly unseenMIoU: number | null;
  /** Harmonic mean of seen and unseen mIoU. */
  readonly hIoU: number | null;
  readonly seen: GroupMetrics;
  readonly unseen: GroupMetrics;
  /** Harmonic means of the seen and the unseen figure. */
  readonly harmonic: GroupMetrics;
  readonly perClass: readonly ClassMetrics[];
  /** Share of the labelled pixels that are predicted as one of the unseen classes; `null` without a labelled pixel. */
  readonly predictedUnseen: number | null;
  /**
   * Labelled pixels, those of them predicted as none of the classes, and pixels that are not scored: unlabelled ones and those
   * of classes that are not in the table.
   */
  readonly pixels: { readonly labelled: number; readonly outside: number; readonly unscored: number };
  /** Where labels and predictions were compared: `original`, `warp`, `feature`, … */
  readonly resolution: string;
  readonly absent: AbsentPolicy;
}

/** What {@link segmentationMetrics} needs besides the counts. */
export interface MetricOptions {
  /** One per channel of the matrix, in its order. */
  readonly classes: readonly MetricClass[];
  readonly absent?: AbsentPolicy;
  readonly resolution?: string;
}

/**
 * Harmonic mean 2ab / (a + b); 0 where either is 0, `null` where either is undefined.
 */
export function harmonicMean(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return null;
  return a === 0 || b === 0 ? 0 : (2 * a * b) / (a + b);
}

/**
 * PA, MA, mIoU and FWIoU of all, seen and unseen classes from one generalized confusion matrix, and their harmonic
 * means. Restricting PA to a group restricts it to the rows of that group.
 */
export function segmentationMetrics(matrix: ConfusionMatrix, options: MetricOptions): SegmentationMetrics {
  const { classes, absent = 'support', resolution = 'original' } = options;
  if (classes.length !== matrix.classes) {
    throw new UserError({
      given: `${classes.length} class names for a confusion matrix of ${matrix.classes} classes`,
      expected: 'one per channel',
    });
  }
  const labelled = matrix.total;
  const rows = classes.map(({ id, name, group }, channel) => {
    const support = matrix.support(channel);
    const hits = matrix.at(channel, channel);
    const union = support + matrix.predicted(channel) - hits;
    const iou = union > 0 ? hits / union : null;
    return { id, name, group, iou, accuracy: support > 0 ? hits / support : null, support, hits };
  });
  const mean = (members: readonly (typeof rows)[number][], value: 'iou' | 'accuracy'): number | null => {
    const counted = absent === 'support' ? members.filter(({ support }) => support > 0) : members;
    const values = counted.map((row) => row[value] ?? (absent === 'zero' ? 0 : null)).filter((v) => v !== null);
    return values.length > 0 ? values.reduce((sum, v) => sum + v, 0) / values.length : null;
  };
  const figures = (members: readonly (typeof rows)[number][]): GroupMetrics => {
    const support = members.reduce((sum, row) => sum + row.support, 0);
    const hits = members.reduce((sum, row) => sum + row.hits, 0);
    const weighted = members.reduce((sum, row) => sum + row.support * (row.iou ?? 0), 0);
    return {
      PA: support > 0 ? hits / support : null,
      MA: mean(members, 'accuracy'),
      mIoU: mean(members, 'iou'),
      FWIoU: support > 0 ? weighted / labelled : null,
    };
  };
  const seen = figures(rows.filter(({ group }) => group === 'seen'));
  const unseen = figures(rows.filter(({ group }) => group === 'unseen'));
  const predictedUnseen = classes.reduce(
    (sum, { group }, channel) => sum + (group === 'unseen' ? matrix.predicted(channel) : 0),
    0,
  );
  const harmonic: GroupMetrics = {
    PA: harmonicMean(seen.PA, unseen.PA),
    MA: harmonicMean(seen.MA, unseen.MA),
    mIoU: harmonicMean(seen.mIoU, unseen.mIoU),
    FWIoU: harmonicMean(seen.FWIoU, unseen.FWIoU),
  };
  return {
    ...figures(rows),
    seenMIoU: seen.mIoU,
    unseenMIoU: unseen.mIoU,
    hIoU: harmonic.mIoU,
    seen,
    unseen,
    harmonic,
    perClass: rows.map(({ hits: _, ...row }) => row),
    predictedUnseen: labelled > 0 ? predictedUnseen / labelled : null,
    pixels: {
      labelled,
      outside: classes.reduce((sum, _, channel) => sum + matrix.outside(channel), 0),
      unscored: matrix.unscored,
    },
    resolution,
    absent,
  };
}

import type { GroupMetrics, SeenUnseenCurve, SegmentationMetrics, TransferControl } from '@unseen/metrics';

/** The figures in tables, in order. */
export const FIGURES = ['seenMIoU', 'unseenMIoU', 'hIoU', 'mIoU', 'PA', 'MA'] as const;

/** Name of a figure of {@link FIGURES}. */
export type Figure = (typeof FIGURES)[number];

/** Metrics of one method. Fields that other tools may lack (group figures, pixel counts, the matrix) are optional. */
export type MethodMetrics = Pick<SegmentationMetrics, Figure | 'perClass'> &
  Partial<Omit<SegmentationMetrics, Figure | 'perClass' | 'resolution' | 'absent'>> & {
    readonly resolution?: string;
    readonly absent?: string;
    /** Metrics on pixels of unseen classes, predicted among the unseen classes only. */
    readonly vanilla?: Pick<GroupMetrics, 'PA' | 'mIoU'> | null;
    /** Unseen mIoU with the vectors of the unseen classes rotated among themselves, and by chance. */
    readonly control?: Pick<TransferControl, 'unseenMIoU' | 'chance'> | null;
    readonly curve?: SeenUnseenCurve | null;
    /** [classes][classes] pixels: ground truth by row, prediction by column, in the order of `perClass`. */
    readonly confusion?: readonly (readonly number[])[];
  };

/**
 * `metrics.json` of a run. A single {@link SegmentationMetrics} object is read as a run with one method.
 *
 * `protocol` is free text by topic. The topics `dataset`, `backbone` and `leakage` are also read by the report: the
 * first two decide which published numbers are shown for comparison; the third says how the leakage guard was disabled,
 * is printed in red, and is absent if the guard was active.
 */
export interface RunMetrics {
  /** Per method, baseline first: `seen-only`, `cagnet`, … */
  readonly methods: Readonly<Record<string, MethodMetrics>>;
  readonly protocol: Readonly<Record<string, string>>;
  /** Wall time of all stages. */
  readonly seconds?: number;
  readonly seed?: number;
  /** Sentences that the report prints in red. */
  readonly warnings: readonly string[];
}

/**
 * A line of `log.jsonl`. Training lines have `losses` (any names; `KL` and `latentGap`, the content loss with z ~ N(0,
 * I) minus that with z = μ, are drawn separately), evaluation lines `metrics`, and remarks such as a collapse
 * `warning`.
 */
export interface LogEntry {
  readonly stage: string;
  readonly iteration: number;
  /** `null` for values that are not finite. */
  readonly losses?: Readonly<Record<string, number | null>>;
  /** Learning rate. */
  readonly rate?: number;
  /** Seconds since the run started. */
  readonly time?: number;
  readonly metrics?: Readonly<Record<string, number | null>>;
  readonly warning?: string;
}

/** An entry of `panels/legend.json`. */
export interface LegendEntry {
  readonly name: string;
  /** CSS colour, or RGB. */
  readonly color: string | readonly [number, number, number];
  readonly group?: string;
}

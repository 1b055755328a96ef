import type { GroupMetrics, SegmentationMetrics } from '@unseen/metrics';

/** The figures that tables show, in their order. */
export const FIGURES = ['seenMIoU', 'unseenMIoU', 'hIoU', 'mIoU', 'PA', 'MA'] as const;

/** Name of a figure of {@link FIGURES}. */
export type Figure = (typeof FIGURES)[number];

/** Metrics of one method. What other tools leave out (group figures, pixel counts, the matrix) is optional. */
export type MethodMetrics = Pick<SegmentationMetrics, Figure | 'perClass'> &
  Partial<Omit<SegmentationMetrics, Figure | 'perClass' | 'resolution' | 'absent'>> & {
    readonly resolution?: string;
    readonly absent?: string;
    /** Of a choice among the unseen classes alone, on their pixels alone. */
    readonly vanilla?: Pick<GroupMetrics, 'PA' | 'mIoU'> | null;
    /** [classes][classes] pixels: ground truth by row, prediction by column, in the order of `perClass`. */
    readonly confusion?: readonly (readonly number[])[];
  };

/**
 * `metrics.json` of a run. A lone {@link SegmentationMetrics} object is read as a run of one method.
 *
 * `protocol` is free text by topic. The topics `dataset`, `backbone` and `leakage` are also read by the report: the
 * first two decide which published numbers stand beside, the third names an opt-out of the leakage guard and is printed
 * in red; it is absent while the guard is on.
 */
export interface RunMetrics {
  /** By name, baseline first: `seen-only`, `cagnet`, … */
  readonly methods: Readonly<Record<string, MethodMetrics>>;
  readonly protocol: Readonly<Record<string, string>>;
  /** Wall time of all stages. */
  readonly seconds?: number;
  readonly seed?: number;
  /** Sentences that the report prints in red. */
  readonly warnings: readonly string[];
}

/**
 * A line of `log.jsonl`. Training lines have `losses` (any names; `KL`, and `latentGap` for the content loss with
 * z ~ N(0, I) less that with z = μ, are drawn apart), evaluation lines `metrics`, remarks such as a collapse `warning`.
 */
export interface LogEntry {
  readonly stage: string;
  readonly iteration: number;
  /** `null` stands for a value that was not finite. */
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

/** A sample's middle and width. */
export interface Spread {
  readonly median: number;
  /** Median absolute deviation from the median. */
  readonly deviation: number;
  readonly best: number;
  readonly count: number;
}

/** Median, median absolute deviation and least value of a sample that is not empty. */
export function spreadOf(sample: readonly number[]): Spread {
  const median = medianOf(sample);
  return {
    median,
    deviation: medianOf(sample.map((value) => Math.abs(value - median))),
    best: Math.min(...sample),
    count: sample.length,
  };
}

function medianOf(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

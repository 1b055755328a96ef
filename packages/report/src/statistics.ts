/** Mean and sample standard deviation over runs. */
export interface Spread {
  readonly mean: number | null;
  /** `null` for fewer than two values. */
  readonly sd: number | null;
  /** Number of defined values. */
  readonly n: number;
  readonly values: readonly (number | null)[];
}

/** Mean and sample standard deviation (n - 1) of the defined values. */
export function spreadOf(values: readonly (number | null)[]): Spread {
  const defined = values.filter((v) => v !== null);
  const n = defined.length;
  if (n === 0) return { mean: null, sd: null, n, values };
  const mean = defined.reduce((sum, v) => sum + v, 0) / n;
  const squares = defined.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null, n, values };
}

/** Sums over the values, which may be tens of millions: of themselves, their magnitudes, their squares. */
export function sumsOf(values: Float32Array): {
  readonly sum: number;
  readonly absolute: number;
  readonly squares: number;
} {
  let [sum, absolute, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    sum += x;
    absolute += Math.abs(x);
    squares += x * x;
  }
  return { sum, absolute, squares };
}

/** Mean, standard deviation and range of the values. */
export function statisticsOf(values: Float32Array): {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
} {
  const mean = sumsOf(values).sum / values.length;
  let [variance, min, max] = [0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    variance += (x - mean) ** 2 / values.length;
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  return { mean, std: Math.sqrt(variance), min, max };
}

import { normalized } from './multi-word.ts';

/** Cosines of all pairs of vectors, [count, count]; 0 with a zero vector. */
export function cosines(vectors: readonly (Float32Array | Float64Array)[]): Float64Array {
  const units = vectors.map(normalized);
  const count = units.length;
  const all = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let k = 0; k < units[i].length; k++) dot += units[i][k] * units[j][k];
      all[i * count + j] = all[j * count + i] = dot;
    }
  }
  return all;
}

/**
 * Unit vectors minus their mean. Vectors of the same kind point in similar directions (CLIP's text vectors above all),
 * and only the rest distinguishes them.
 */
export function centred(vectors: readonly Float32Array[]): Float64Array[] {
  const units = vectors.map(normalized);
  const mean = new Float64Array(units[0]?.length ?? 0);
  for (const unit of units) {
    for (let k = 0; k < mean.length; k++) mean[k] += unit[k] / units.length;
  }
  return units.map((unit) => unit.map((value, k) => value - mean[k]));
}

/** L2 norm of a vector. */
export function norm(vector: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/** The `q`-quantile of numbers (linearly interpolated), 0 ≤ q ≤ 1. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** Rows of features with one integer class each. */
export interface LabelledRows {
  readonly channels: number;
  /** [rows · channels] */
  readonly features: Float32Array;
  readonly labels: readonly number[];
}

/**
 * Ridge regression of one-hot labels in double precision, W = (XᵀX + .01·n·I)⁻¹ XᵀY over X = [features, 1], the bias
 * regularised too. Returns a function that writes the scores of a row of features.
 */
export function fitRidge({ channels, features, labels }: LabelledRows, classes: number) {
  const d = channels + 1;
  const gram = Array.from({ length: d }, () => new Float64Array(d));
  const cross = Array.from({ length: classes }, () => new Float64Array(d));
  const x = new Float64Array(d).fill(1);
  labels.forEach((label, row) => {
    for (let c = 0; c < channels; c++) x[c] = features[row * channels + c];
    for (let i = 0; i < d; i++) {
      const line = gram[i];
      const xi = x[i];
      cross[label][i] += xi;
      for (let j = 0; j <= i; j++) line[j] += xi * x[j];
    }
  });
  for (let i = 0; i < d; i++) gram[i][i] += 0.01 * labels.length;
  solve(gram, cross);
  return (row: Float32Array): Float64Array =>
    Float64Array.from(cross, (weights) => {
      let score = weights[channels];
      for (let c = 0; c < channels; c++) score += row[c] * weights[c];
      return score;
    });
}

/** Solves A·w = b for each b by Cholesky's method; reads the lower half of A, overwrites both. */
function solve(a: readonly Float64Array[], bs: readonly Float64Array[]): void {
  const n = a.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j];
      for (let k = 0; k < j; k++) sum -= a[i][k] * a[j][k];
      a[i][j] = i === j ? Math.sqrt(sum) : sum / a[j][j];
    }
  }
  for (const b of bs) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) b[i] -= a[i][k] * b[k];
      b[i] /= a[i][i];
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) b[i] -= a[k][i] * b[k];
      b[i] /= a[i][i];
    }
  }
}

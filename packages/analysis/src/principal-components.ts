import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { type FeatureSample, meanFeature } from './feature-sample.ts';

/** The directions in which features vary most. */
export interface PrincipalComponents {
  readonly mean: Float64Array;
  /** Orthonormal, by decreasing variance; the largest coefficient of each is positive. */
  readonly axes: readonly Float64Array[];
  /** Share of the total variance along each axis; 0 if there is none. */
  readonly explained: readonly number[];
}

/** Principal components by the eigenvectors of the covariance. */
export function principalComponents(sample: FeatureSample, components = 2): PrincipalComponents {
  const { features, channels, count } = sample;
  const mean = meanFeature(sample);
  const covariance = Matrix.zeros(channels, channels);
  const row = new Float64Array(channels);
  const sums = Array.from({ length: channels }, () => new Float64Array(channels));
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < channels; c++) row[c] = features[i * channels + c] - mean[c];
    for (let a = 0; a < channels; a++) for (let b = 0; b <= a; b++) sums[a][b] += row[a] * row[b];
  }
  for (let a = 0; a < channels; a++) {
    for (let b = 0; b <= a; b++) {
      covariance.set(a, b, sums[a][b] / count);
      covariance.set(b, a, sums[a][b] / count);
    }
  }
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()]
    .sort((a, b) => realEigenvalues[b] - realEigenvalues[a])
    .slice(0, components);
  const total = realEigenvalues.reduce((sum, value) => sum + Math.max(0, value), 0);
  return {
    mean,
    axes: order.map((k) => upright(Float64Array.from(eigenvectorMatrix.getColumn(k)))),
    explained: order.map((k) => (total > 0 ? Math.max(0, realEigenvalues[k]) / total : 0)),
  };
}

/** Flips a direction so that its largest coefficient is positive, since the sign of an eigenvector is arbitrary. */
export function upright(axis: Float64Array): Float64Array {
  const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) + 1e-12 ? value : best), 0);
  return largest < 0 ? axis.map((value) => -value) : axis;
}

/** Coordinates of features along the axes, one array per feature. */
export function project({ mean, axes }: PrincipalComponents, { features, channels, count }: FeatureSample): number[][] {
  return Array.from({ length: count }, (_, i) =>
    axes.map((axis) => axis.reduce((sum, a, c) => sum + a * (features[i * channels + c] - mean[c]), 0)),
  );
}

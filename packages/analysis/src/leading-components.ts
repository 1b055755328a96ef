import type { RandomStream } from '@unseen/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { type FeatureSample, meanFeature } from './feature-sample.ts';
import { type PrincipalComponents, principalComponents, upright } from './principal-components.ts';

// Up to this many channels the full covariance is just as fast.
const FEW_CHANNELS = 128;
// Additional directions that make the search converge faster.
const BESIDES = 8;
const MOST_ROUNDS = 60;
const TOLERANCE = 1e-6;

/**
 * The first {@link principalComponents}. With many channels, orthogonal iteration from random directions replaces the
 * full covariance, until the variances change by less than 10⁻⁶ of the total, or 60 times at most: among directions of
 * nearly equal variance, any will do for a picture.
 */
export function leadingComponents(
  sample: FeatureSample,
  components: number,
  random: RandomStream,
): PrincipalComponents {
  const { channels, count } = sample;
  if (channels <= FEW_CHANNELS || count === 0) return principalComponents(sample, components);
  const mean = meanFeature(sample);
  const centred = Float64Array.from(sample.features, (value, i) => value - mean[i % channels]);
  const total = centred.reduce((sum, value) => sum + value ** 2, 0) / count;
  const width = Math.min(components + BESIDES, channels, count);
  let basis = orthonormal(
    Array.from({ length: width }, () => Float64Array.from(random.fillNormal(new Float32Array(channels)))),
  );
  let before = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { variances, axes, images } = rotated(centred, channels, count, basis);
    const found = variances.slice(0, components).reduce((sum, value) => sum + value, 0);
    basis = axes;
    if (Math.abs(found - before) <= TOLERANCE * total) break;
    before = found;
    basis = orthonormal(images);
  }
  const { variances, axes } = rotated(centred, channels, count, basis);
  return {
    mean,
    axes: axes.slice(0, components).map(upright),
    explained: variances.slice(0, components).map((value) => (total > 0 ? Math.max(0, value) / total : 0)),
  };
}

/** Directions of decreasing variance within a basis, and their images under the covariance. */
function rotated(centred: Float64Array, channels: number, count: number, basis: readonly Float64Array[]) {
  const images = basis.map(() => new Float64Array(channels));
  const within = Matrix.zeros(basis.length, basis.length);
  const at = new Float64Array(basis.length);
  for (let i = 0; i < count; i++) {
    const row = centred.subarray(i * channels, (i + 1) * channels);
    for (const [k, axis] of basis.entries()) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += axis[c] * row[c];
      at[k] = sum;
    }
    for (const [k, image] of images.entries()) {
      const weight = at[k] / count;
      if (weight !== 0) for (let c = 0; c < channels; c++) image[c] += weight * row[c];
      for (let l = 0; l < at.length; l++) within.set(k, l, within.get(k, l) + (at[k] * at[l]) / count);
    }
  }
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(within, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const combine = (vectors: readonly Float64Array[], column: number) => {
    const sum = new Float64Array(channels);
    for (const [k, vector] of vectors.entries()) {
      const weight = eigenvectorMatrix.get(k, column);
      for (let c = 0; c < channels; c++) sum[c] += weight * vector[c];
    }
    return sum;
  };
  return {
    variances: order.map((k) => realEigenvalues[k]),
    axes: order.map((k) => combine(basis, k)),
    images: order.map((k) => combine(images, k)),
  };
}

/** Gram-Schmidt, twice; directions that depend on earlier ones are dropped. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = vector.slice();
    const length = norm(rest);
    for (let twice = 0; twice < 2; twice++) {
      for (const axis of basis) {
        let share = 0;
        for (let c = 0; c < rest.length; c++) share += axis[c] * rest[c];
        for (let c = 0; c < rest.length; c++) rest[c] -= share * axis[c];
      }
    }
    const left = norm(rest);
    if (left > 1e-10 * length) basis.push(rest.map((value) => value / left));
  }
  return basis;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0));
}

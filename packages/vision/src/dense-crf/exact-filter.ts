import type { GaussianFilter } from './permutohedral-lattice.ts';

/**
 * The exact Gaussian filter, with kernel exp(-‖fᵢ - fⱼ‖² / 2), in time quadratic in the points: for small images and
 * tests.
 */
export function exactFilter(features: Float32Array, dimension: number): GaussianFilter {
  const points = features.length / dimension;
  return (values, channels) => {
    const sums = new Float64Array(points * channels);
    for (let i = 0; i < points; i++) {
      for (let j = 0; j < points; j++) {
        let squares = 0;
        for (let k = 0; k < dimension; k++) squares += (features[i * dimension + k] - features[j * dimension + k]) ** 2;
        const kernel = Math.exp(-squares / 2);
        for (let c = 0; c < channels; c++) sums[i * channels + c] += kernel * values[j * channels + c];
      }
    }
    return Float32Array.from(sums);
  };
}

import { type RandomStream, UserError } from '@unseen/core';
import { kmeansGenerator } from 'ml-kmeans';
import { type FeatureSample, meanFeature } from './feature-sample.ts';

/** K groups of features. */
export interface Clustering {
  readonly clusters: number;
  /** Largest cluster first. */
  readonly centroids: readonly Float32Array[];
  readonly sizes: readonly number[];
  /** Sum of squared distances to the nearest centroid after each iteration; never increases. */
  readonly inertia: readonly number[];
  /** Sum of squared distances to the overall mean: the inertia of a single cluster. */
  readonly spread: number;
  readonly converged: boolean;
}

/** Options of {@link clusterFeatures}. */
export interface ClusterOptions {
  /** K. */
  readonly clusters: number;
  /** Draws the first centroids (k-means++). */
  readonly random: RandomStream;
  readonly maxIterations?: number;
}

/**
 * K-means (Lloyd's iterations from k-means++ centroids). More clusters than features are a `UserError`.
 *
 * @example
 * import { clusterFeatures } from '@unseen/analysis';
 * import { SeedTree } from '@unseen/core';
 *
 * const sample = { features: Float32Array.of(0, 0.5, 9, 9.5, 10), channels: 1, count: 5 };
 * clusterFeatures(sample, { clusters: 2, random: new SeedTree(0).stream() }).sizes; // → [3, 2]
 */
export function clusterFeatures(
  sample: FeatureSample,
  { clusters, random, maxIterations = 100 }: ClusterOptions,
): Clustering {
  const { features, channels, count } = sample;
  if (clusters > count) {
    throw new UserError({ given: `${clusters} clusters of ${count} features`, expected: 'at least as many features' });
  }
  const points = Array.from({ length: count }, (_, i) => [...features.subarray(i * channels, (i + 1) * channels)]);
  const inertia: number[] = [];
  let centroids: number[][] = [];
  let converged = false;
  const options = { seed: random.bits(), initialization: 'kmeans++' as const, maxIterations };
  for (const step of kmeansGenerator(points, clusters, options)) {
    centroids = step.centroids.map((centroid) => [...centroid]);
    converged = step.converged;
    inertia.push(nearest(features, centroids).inertia);
  }
  const { labels } = nearest(features, centroids);
  const sizes = new Array<number>(clusters).fill(0);
  for (const label of labels) sizes[label]++;
  const order = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
  return {
    clusters,
    centroids: order.map((k) => Float32Array.from(centroids[k])),
    sizes: order.map((k) => sizes[k]),
    inertia,
    spread: nearest(features, [meanFeature(sample)]).inertia,
    converged,
  };
}

/** The nearest point of each feature, and the sum of squared distances to it. */
export function nearest(
  features: Float32Array,
  points: readonly ArrayLike<number>[],
): { readonly labels: Uint16Array; readonly inertia: number } {
  const channels = points[0].length;
  const labels = new Uint16Array(features.length / channels);
  let inertia = 0;
  for (let i = 0; i < labels.length; i++) {
    let best = Number.POSITIVE_INFINITY;
    for (let k = 0; k < points.length; k++) {
      let distance = 0;
      // Once larger, it can no longer win.
      for (let c = 0; c < channels && distance < best; c++) {
        distance += (features[i * channels + c] - points[k][c]) ** 2;
      }
      if (distance < best) {
        best = distance;
        labels[i] = k;
      }
    }
    inertia += best;
  }
  return { labels, inertia };
}

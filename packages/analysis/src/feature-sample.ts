import type { RandomStream } from '@unseen/core';

/** A list of features: [count · channels]. */
export interface FeatureSample {
  readonly channels: number;
  readonly count: number;
  readonly features: Float32Array;
}

/**
 * A uniform sample of at most `capacity` of all features that are offered, in constant memory (Vitter's reservoir
 * sampling). The same features in the same order give the same sample.
 */
export class FeatureReservoir {
  readonly channels: number;
  /** Features offered so far. */
  offered = 0;
  private readonly capacity: number;
  private readonly random: RandomStream;
  private kept: Float32Array[] = [];

  constructor(options: { readonly channels: number; readonly capacity: number; readonly random: RandomStream }) {
    this.channels = options.channels;
    this.capacity = options.capacity;
    this.random = options.random;
  }

  /** Offers the feature at a position of a map [positions · channels]. */
  offer(map: Float32Array, position: number): void {
    const at = this.offered < this.capacity ? this.offered : this.random.integer(this.offered + 1);
    this.offered++;
    if (at < this.capacity) this.kept[at] = map.slice(position * this.channels, (position + 1) * this.channels);
  }

  /** The sample. */
  get sample(): FeatureSample {
    return joinFeatures(this.kept, this.channels);
  }
}

/** Joins several samples. */
export function joinFeatures(parts: readonly Float32Array[], channels: number): FeatureSample {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const features = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    features.set(part, at);
    at += part.length;
  }
  return { channels, count: length / channels, features };
}

/** The mean of each channel; 0 without features. */
export function meanFeature({ features, channels, count }: FeatureSample): Float64Array {
  const mean = new Float64Array(channels);
  for (let i = 0; i < features.length; i++) mean[i % channels] += features[i] / count;
  return mean;
}

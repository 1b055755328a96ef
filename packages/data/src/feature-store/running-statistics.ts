import { UserError } from '@unseen/core';
import type { FeatureStatistics } from './schema.ts';

/** Mean and variance per channel over batches (Chan, Golub and LeVeque's update), in double precision. */
export class RunningStatistics {
  private positions = 0;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;

  constructor(channels: number) {
    this.mean = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  add(features: Float32Array, id: string): void {
    const channels = this.mean.length;
    const n = features.length / channels;
    const sum = new Float64Array(channels);
    for (let i = 0; i < features.length; i += channels) for (let c = 0; c < channels; c++) sum[c] += features[i + c];
    const squares = new Float64Array(channels);
    for (let c = 0; c < channels; c++) sum[c] /= n;
    for (let i = 0; i < features.length; i += channels) {
      for (let c = 0; c < channels; c++) squares[c] += (features[i + c] - sum[c]) ** 2;
    }
    const total = this.positions + n;
    for (let c = 0; c < channels; c++) {
      if (!Number.isFinite(squares[c])) {
        throw new UserError({
          given: `the features of ${id} are not finite`,
          remedy: 'check the image and the weights',
        });
      }
      const delta = sum[c] - this.mean[c];
      this.mean[c] += (delta * n) / total;
      this.squares[c] += squares[c] + delta ** 2 * ((this.positions * n) / total);
    }
    this.positions = total;
  }

  result(): FeatureStatistics {
    return {
      positions: this.positions,
      mean: [...this.mean],
      std: Array.from(this.squares, (s) => Math.sqrt(s / this.positions)),
    };
  }
}

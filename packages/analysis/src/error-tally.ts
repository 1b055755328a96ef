/** Mean over the channels of the squared difference, per pixel: two maps [pixels · channels] → [pixels]. */
export function squaredErrors(a: Float32Array, b: Float32Array, channels: number): Float32Array {
  return Float32Array.from({ length: a.length / channels }, (_, i) => {
    let sum = 0;
    for (let c = i * channels; c < (i + 1) * channels; c++) sum += (a[c] - b[c]) ** 2;
    return sum / channels;
  });
}

/** Mean of a value per pixel, by class. */
export class ErrorTally {
  private readonly sums: Float64Array;
  private readonly counts: Float64Array;

  constructor(classes: number) {
    this.sums = new Float64Array(classes);
    this.counts = new Float64Array(classes);
  }

  /** Adds the pixels of a map; pixels without a class are skipped. */
  add(labels: ArrayLike<number>, values: Float32Array): void {
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] >= this.sums.length) continue;
      this.sums[labels[i]] += values[i];
      this.counts[labels[i]]++;
    }
  }

  pixels(label: number): number {
    return this.counts[label];
  }

  /** `null` for a class without pixels. */
  mean(label: number): number | null {
    return this.counts[label] > 0 ? this.sums[label] / this.counts[label] : null;
  }
}

/** Mean feature of each class, and the distance of its features from it. */
export class ClassMoments {
  readonly channels: number;
  private readonly counts: Float64Array;
  private readonly sums: readonly Float64Array[];
  private readonly squares: Float64Array;

  constructor(options: { readonly classes: number; readonly channels: number }) {
    this.channels = options.channels;
    this.counts = new Float64Array(options.classes);
    this.sums = Array.from({ length: options.classes }, () => new Float64Array(options.channels));
    this.squares = new Float64Array(options.classes);
  }

  /** Adds the pixels of a map [pixels · channels]; pixels without a class are skipped. */
  add(labels: ArrayLike<number>, features: Float32Array): void {
    for (let i = 0; i < labels.length; i++) {
      const sum = this.sums[labels[i]];
      if (!sum) continue;
      this.counts[labels[i]]++;
      for (let c = 0; c < this.channels; c++) {
        const value = features[i * this.channels + c];
        sum[c] += value;
        this.squares[labels[i]] += value * value;
      }
    }
  }

  /** `null` for a class without a pixel. */
  mean(label: number): Float32Array | null {
    const n = this.counts[label];
    return n > 0 ? Float32Array.from(this.sums[label], (sum) => sum / n) : null;
  }

  /** Mean {@link squaredErrors} of the class's features to their mean; `null` for a class without a pixel. */
  variance(label: number): number | null {
    const n = this.counts[label];
    if (n === 0) return null;
    const ofMean = this.sums[label].reduce((sum, value) => sum + (value / n) ** 2, 0);
    return Math.max(0, this.squares[label] / n - ofMean) / this.channels;
  }
}

import { UserError } from '@unseen/core';

/** Labels or predictions, one number per pixel. */
export type PixelArray = Uint8Array | Uint16Array | Int32Array;

/**
 * Pixel counts of ground truth (rows) against prediction (columns) for `classes` contiguous channels.
 *
 * A label is a channel or one of the ignored values; ignored pixels are not counted. A prediction that is not a channel
 * (255, the extra output of a network, …) is an error in its row and belongs to no column.
 */
export class ConfusionMatrix {
  readonly classes: number;
  readonly ignore: readonly number[];
  /** [classes · (classes + 1)]; the last column holds the predictions outside the table. Exact up to 2⁵³ pixels. */
  private readonly counts: Float64Array;
  private readonly ignored: ReadonlySet<number>;
  private skippedPixels = 0;
  private readonly skipped: Uint8Array;

  constructor(classes: number, options: { readonly ignore?: readonly number[] } = {}) {
    if (!Number.isInteger(classes) || classes < 1) {
      throw new UserError({ given: `a confusion matrix of ${classes} classes`, expected: 'a whole number from 1' });
    }
    const { ignore = classes > 255 ? [65535] : [255, 65535] } = options;
    this.classes = classes;
    this.ignore = ignore;
    this.ignored = new Set(ignore);
    this.skipped = Uint8Array.from({ length: classes }, (_, c) => (this.ignored.has(c) ? 1 : 0));
    this.counts = new Float64Array(classes * (classes + 1));
  }

  /**
   * Counts the pixels of an image or a batch. Arrays of unequal length and labels that are neither a channel nor
   * ignored are {@link UserError}s and leave the matrix as it was.
   */
  add(labels: PixelArray, predictions: PixelArray): this {
    if (labels.length !== predictions.length) {
      throw new UserError({
        given: `${labels.length} labels and ${predictions.length} predictions`,
        expected: 'one prediction per labelled pixel',
        remedy: 'resize the predictions to the size of the ground truth',
      });
    }
    const bad = this.accumulate(labels, predictions, labels.length, 1);
    if (bad < labels.length) {
      this.accumulate(labels, predictions, bad, -1);
      throw new UserError({
        given: `label ${labels[bad]} at pixel ${bad}`,
        expected: `0 … ${this.classes - 1} or an ignored value (${this.ignore.join(', ') || 'none'})`,
        remedy: 'map raw mask values to channels, or ignore this value',
      });
    }
    return this;
  }

  /** Adds the counts of another matrix of the same classes, such as that of another process. */
  merge(other: ConfusionMatrix): this {
    if (other.classes !== this.classes) {
      throw new UserError({
        given: `confusion matrices of ${this.classes} and ${other.classes} classes`,
        expected: 'the same classes in both',
      });
    }
    for (let i = 0; i < this.counts.length; i++) this.counts[i] += other.counts[i];
    this.skippedPixels += other.skippedPixels;
    return this;
  }

  /** Pixels of class `label` that were predicted as class `prediction`. */
  at(label: number, prediction: number): number {
    return this.counts[label * (this.classes + 1) + prediction];
  }

  /** Pixels of class `label` that were predicted as none of the classes. */
  outside(label: number): number {
    return this.at(label, this.classes);
  }

  /** Ground-truth pixels of a class. */
  support(label: number): number {
    const start = label * (this.classes + 1);
    let sum = 0;
    for (let i = start; i <= start + this.classes; i++) sum += this.counts[i];
    return sum;
  }

  /** Labelled pixels that were predicted as a class. */
  predicted(prediction: number): number {
    let sum = 0;
    for (let label = 0; label < this.classes; label++) sum += this.at(label, prediction);
    return sum;
  }

  /** All labelled pixels. */
  get total(): number {
    return this.counts.reduce((sum, n) => sum + n, 0);
  }

  /** Pixels whose label is ignored. */
  get unscored(): number {
    return this.skippedPixels;
  }

  /** The matrix for JSON, [classes][classes]; a row's support less its sum are predictions outside the table. */
  toRows(): number[][] {
    const stride = this.classes + 1;
    return Array.from({ length: this.classes }, (_, g) => [
      ...this.counts.subarray(g * stride, g * stride + this.classes),
    ]);
  }

  /** Adds `weight` for each of the first `length` pixels; returns the index of the first invalid label, else `length`. */
  private accumulate(labels: PixelArray, predictions: PixelArray, length: number, weight: number): number {
    const { classes, counts, ignored, skipped } = this;
    const stride = classes + 1;
    const usual = this.ignore[0];
    for (let start = 0; start < length; ) {
      const label = labels[start];
      const prediction = predictions[start];
      // Neighbours are mostly equal: a run of them is counted at once.
      let end = start + 1;
      while (end < length && labels[end] === label && predictions[end] === prediction) end++;
      // The unsigned shift folds "negative" and "too big" into one comparison.
      if (label >>> 0 < classes) {
        if (skipped[label] === 0) {
          counts[label * stride + (prediction >>> 0 < classes ? prediction : classes)] += weight * (end - start);
        } else this.skippedPixels += weight * (end - start);
      } else if (label === usual || ignored.has(label)) {
        this.skippedPixels += weight * (end - start);
      } else {
        return start;
      }
      start = end;
    }
    return length;
  }
}

import { IGNORE } from '@unseen/core';
import type { Ops } from '@unseen/tensor';

/** Vectors of the classes by train id, as a table that any label can index: rows after the last class are 0. */
export class ClassVectors {
  readonly classes: number;
  readonly dimension: number;
  private readonly rows: Float32Array;

  constructor(vectors: readonly Float32Array[]) {
    this.classes = vectors.length;
    this.dimension = vectors[0].length;
    this.rows = new Float32Array(Math.max(IGNORE + 1, this.classes) * this.dimension);
    vectors.forEach((vector, trainId) => {
      this.rows.set(vector, trainId * this.dimension);
    });
  }

  /** The vector of each label, 0 for ignored ones: labels [..] → [.., dimension]. */
  lookUp<V>(ops: Ops<V>, labels: V): V {
    const table = ops.constant(this.rows, [this.rows.length / this.dimension, this.dimension]);
    if (this.classes <= IGNORE) return ops.gather(table, labels);
    // No table has a row for an ignored label of 16 bits.
    const shape = ops.shape(labels);
    const positions = shape.reduce((product, n) => product * n, 1);
    const chosen = ops.reshape(ops.oneHot(labels, this.classes), [positions, this.classes]);
    return ops.reshape(ops.matMul(chosen, table), [...shape, this.dimension]);
  }
}

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
    this.rows = new Float32Array((IGNORE + 1) * this.dimension);
    vectors.forEach((vector, trainId) => {
      this.rows.set(vector, trainId * this.dimension);
    });
  }

  /** The vector of each label, 0 for ignored ones: labels [..] → [.., dimension]. */
  lookUp<V>(ops: Ops<V>, labels: V): V {
    return ops.gather(ops.constant(this.rows, [IGNORE + 1, this.dimension]), labels);
  }
}

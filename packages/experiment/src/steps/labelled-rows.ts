import { ignoreAmong } from '@unseen/core';

/** The labelled positions of a batch, so that per-pixel networks and losses need not look at the others. */
export interface LabelledRows {
  /** Flat positions in reading order, filled up with others: no position occurs twice. */
  readonly positions: Int32Array;
  /** Their labels; the filling is ignored ({@link ignoreAmong}). */
  readonly labels: Int32Array;
}

/** Capacities are multiples of this share of all positions: few different shapes, little filling. */
const STEPS = 8;

/**
 * The smallest capacities that hold all labelled positions of each scale, the same share of the positions at all scales:
 * one graph is compiled for each share that occurs.
 */
export function rowCapacities(labels: readonly Int32Array[], classes: number): number[] {
  const steps = labels.map((scale) => Math.ceil(scale.length / STEPS));
  const needed = labels.map((scale, k) => Math.ceil(countLabelled(scale, classes) / steps[k]));
  const share = Math.max(1, ...needed);
  return labels.map((scale, k) => Math.min(scale.length, share * steps[k]));
}

function countLabelled(labels: Int32Array, classes: number): number {
  let count = 0;
  for (const label of labels) if (label < classes) count++;
  return count;
}

/** Collects the labelled positions. */
export function labelledRows(labels: Int32Array, classes: number, capacity: number): LabelledRows {
  const positions = new Int32Array(capacity);
  const kept = new Int32Array(capacity);
  const others = new Int32Array(capacity);
  let row = 0;
  let other = 0;
  let ignored = ignoreAmong(classes);
  for (let position = 0; position < labels.length; position++) {
    if (labels[position] >= classes) {
      // That of the map, which may have more classes than are learnt.
      ignored = Math.max(ignored, labels[position]);
      if (other < capacity) others[other++] = position;
      continue;
    }
    positions[row] = position;
    kept[row++] = labels[position];
  }
  positions.set(others.subarray(0, capacity - row), row);
  kept.fill(ignored, row);
  return { positions, labels: kept };
}

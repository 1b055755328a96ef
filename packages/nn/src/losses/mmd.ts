import type { Ops } from '@unseen/tensor';

/** Bandwidths of the kernel exp(-‖x-y‖² / 2b). */
export const MMD_BANDWIDTHS: readonly number[] = [2, 5, 10, 20, 40, 60];

/** Groups of rows as inputs of a program; `groupPixels` makes them on the host. */
export interface RowGroups<V> {
  /** Integer row indices [groups, samples], all different; where the mask is 0, the number of rows plus the flat position here. */
  readonly indices: V;
  /** 1 where a sample counts [groups, samples]. Groups without samples are left out. */
  readonly mask: V;
}

/** Options of {@link mmdLoss}. */
export interface MmdOptions {
  /** Default {@link MMD_BANDWIDTHS}. */
  readonly bandwidths?: readonly number[];
  /** The radicand: ½ MMD² (`half`, CaGNet) or MMD² (`full`, ZS3Net). Default `half`. */
  readonly scale?: 'half' | 'full';
  /** Whether the root is taken. Default true. */
  readonly root?: boolean;
}

/**
 * √(Σ_b MMD²_b) between the generated and the real rows [rows, channels] of each group, averaged over the groups. MMD²
 * is the biased estimator (diagonals included); a radicand ≤ 0 counts as 0. Both sides use the same row indices.
 */
export function mmdLoss<V>(ops: Ops<V>, fake: V, real: V, groups: RowGroups<V>, options: MmdOptions = {}): V {
  const { bandwidths = MMD_BANDWIDTHS, scale = 'half', root = true } = options;
  const [groupCount, samples] = ops.shape(groups.indices);
  const count = ops.sum(groups.mask, [1], true);
  const weight = ops.div(groups.mask, ops.maximum(count, ops.scalar(1)));

  // Zeros for the places without a sample, so that no row is read twice.
  const zeros = (height: number, width: number) => ops.constant(new Float32Array(height * width), [height, width]);
  const none = ops.add(zeros(groupCount * samples, 1), zeros(1, ops.shape(real)[1]));
  const rowsOf = (x: V) => ops.gather(ops.concat([x, none], 0), groups.indices, { distinct: true });
  const [fakeRows, realRows] = [rowsOf(fake), rowsOf(real)];
  // Distances do not depend on the origin; near the centre, differences of squares lose the fewest digits.
  const column = ops.reshape(weight, [groupCount, samples, 1]);
  const centre = ops.stopGradient(ops.sum(ops.mul(realRows, column), [1], true));
  const rows = ops.concat([ops.sub(fakeRows, centre), ops.sub(realRows, centre)], 1);
  const sign = ops.concat([weight, ops.neg(weight)], 1);

  const total = 2 * samples;
  const norms = ops.sum(ops.square(rows), [2]);
  const products = ops.matMul(rows, rows, { transposeB: true });
  const sums = ops.add(ops.reshape(norms, [groupCount, total, 1]), ops.reshape(norms, [groupCount, 1, total]));
  const distances = ops.relu(ops.sub(sums, ops.mul(products, ops.scalar(2))));
  const kernels = bandwidths.map((b) => ops.exp(ops.mul(distances, ops.scalar(-1 / (2 * b)))));
  const kernel = kernels.reduce((a, b) => ops.add(a, b));

  const signs = ops.mul(ops.reshape(sign, [groupCount, total, 1]), ops.reshape(sign, [groupCount, 1, total]));
  const squared = ops.sum(ops.mul(kernel, signs), [1, 2]);
  const radicand = ops.relu(ops.mul(squared, ops.scalar(scale === 'half' ? 0.5 : 1)));
  // Row counts are whole numbers, so this is 1 for a group with samples and 0 for one without.
  const present = ops.sub(ops.scalar(1), ops.relu(ops.sub(ops.scalar(1), ops.reshape(count, [groupCount]))));
  const presentCount = ops.maximum(ops.sum(present), ops.scalar(1));
  return ops.div(ops.sum(ops.mul(root ? ops.sqrt(radicand) : radicand, present)), presentCount);
}

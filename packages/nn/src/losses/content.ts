import type { Ops } from '@unseen/tensor';
import { maskedMean } from './masked.ts';
import { type MmdOptions, mmdLoss, type RowGroups } from './mmd.ts';

/** Ways of comparing generated with real features. */
export type ContentKind = 'mse' | 'l1' | 'mmd';

/** Options of {@link contentLoss}. */
export interface ContentOptions<V> extends MmdOptions {
  /** Positions that count, [...]; for `mse` and `l1`. */
  readonly mask?: V;
  /** Rows to compare; for `mmd`. */
  readonly groups?: RowGroups<V>;
}

/**
 * Reconstruction loss of generated features against the real ones [..., channels], through which no gradient flows:
 * masked mean of squares (`mse`), of absolute differences (`l1`), or {@link mmdLoss} over groups of positions (`mmd`).
 */
export function contentLoss<V>(ops: Ops<V>, kind: ContentKind, fake: V, real: V, options: ContentOptions<V>): V {
  const target = ops.stopGradient(real);
  if (kind === 'mmd') {
    if (!options.groups) throw new Error('the mmd loss needs groups of rows');
    const channels = ops.shape(fake).at(-1)!;
    const rows = (x: V) => ops.reshape(x, [ops.shape(x).reduce((a, b) => a * b, 1) / channels, channels]);
    return mmdLoss(ops, rows(fake), rows(target), options.groups, options);
  }
  if (!options.mask) throw new Error(`the ${kind} loss needs a mask`);
  const difference = ops.sub(fake, target);
  return maskedMean(ops, kind === 'mse' ? ops.square(difference) : ops.abs(difference), options.mask);
}

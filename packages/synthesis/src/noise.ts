import type { Ops, Shape } from '@unseen/tensor';

/** What the latent code of a generator without context is drawn from: N(0, 1), or uniformly from [0, 1) (ZS-2). */
export type NoiseKind = 'gaussian' | 'uniform';

/** Independent noise of a shape, new at every run. */
export function drawNoise<V>(ops: Ops<V>, kind: NoiseKind, shape: Shape): V {
  if (kind === 'gaussian') return ops.normal(shape);
  // The squared length of a normal vector in the plane is exponentially distributed (Box and Muller 1958).
  const squares = ops.add(ops.square(ops.normal(shape)), ops.square(ops.normal(shape)));
  return ops.exp(ops.mul(squares, ops.scalar(-0.5)));
}

import type { Ops } from '@unseen/tensor';
import { maskedMean } from './masked.ts';

/** Kinds of adversarial losses. */
export type GanKind = 'lsgan' | 'l1' | 'gan' | 'wgan' | 'wgan-gp';

/** A pair of adversarial losses. Scores are the discriminator's outputs **before** the sigmoid, [..., 1]; masks [...]. */
export interface GanLoss {
  /** The discriminator's loss on real features alone. */
  onReal<V>(ops: Ops<V>, scores: { real: V; mask: V }): V;
  /** The discriminator's loss on generated features alone. */
  onFake<V>(ops: Ops<V>, scores: { fake: V; mask: V }): V;
  /** The sum of both. `penalty`: {@link gradientPenalty}, for `wgan-gp`. */
  discriminator<V>(ops: Ops<V>, scores: { real: V; fake: V; mask: V; penalty?: V }): V;
  /** Loss of the generator. */
  generator<V>(ops: Ops<V>, scores: { fake: V; mask: V }): V;
}

function withSum(terms: Omit<GanLoss, 'discriminator'>): GanLoss {
  return { ...terms, discriminator: (ops, scores) => ops.add(terms.onFake(ops, scores), terms.onReal(ops, scores)) };
}

type Distance = <V>(ops: Ops<V>, score: V, target: 0 | 1) => V;

/** Mean distance of σ(score) from 1 for real, 0 for generated features. */
function towardsTargets(distance: Distance): GanLoss {
  return withSum({
    onReal: (ops, { real, mask }) => maskedMean(ops, distance(ops, real, 1), mask),
    onFake: (ops, { fake, mask }) => maskedMean(ops, distance(ops, fake, 0), mask),
    generator: (ops, { fake, mask }) => maskedMean(ops, distance(ops, fake, 1), mask),
  });
}

/** The critic raises real and lowers generated scores; here after the sigmoid, as in the released code of CaGNet. */
const wasserstein = withSum({
  onReal: (ops, { real, mask }) => ops.neg(maskedMean(ops, ops.sigmoid(real), mask)),
  onFake: (ops, { fake, mask }) => maskedMean(ops, ops.sigmoid(fake), mask),
  generator: (ops, { fake, mask }) => ops.neg(maskedMean(ops, ops.sigmoid(fake), mask)),
});

/**
 * The adversarial losses: `lsgan` squares (Mao et al. 2017), `l1` absolute differences (what the released code of
 * CaGNet calls lsgan), `gan` binary cross-entropy (Goodfellow et al. 2014), `wgan` and `wgan-gp` Wasserstein critics.
 */
export const ganLosses: Readonly<Record<GanKind, GanLoss>> = {
  lsgan: towardsTargets((ops, score, target) => ops.square(ops.sub(ops.sigmoid(score), ops.scalar(target)))),
  l1: towardsTargets((ops, score, target) => ops.abs(ops.sub(ops.sigmoid(score), ops.scalar(target)))),
  gan: towardsTargets((ops, score, target) => ops.softplus(target === 1 ? ops.neg(score) : score)),
  wgan: wasserstein,
  'wgan-gp': {
    ...wasserstein,
    discriminator: (ops, scores) => {
      if (scores.penalty === undefined) throw new Error('the wgan-gp loss needs a gradient penalty');
      return ops.add(wasserstein.discriminator(ops, scores), scores.penalty);
    },
  },
};

/**
 * weight · mean over images of (‖mask ⊙ ∇D(x̂)‖₂ - 1)², x̂ = α·real + (1-α)·fake (Gulrajani et al. 2017). Maps [n, h,
 * w, c], mask [n, h, w], `alpha` [n, 1, 1, 1], one uniform number per image, drawn on the host. `critic` returns the
 * scores before the sigmoid.
 */
export function gradientPenalty<V>(
  ops: Ops<V>,
  critic: (x: V) => V,
  maps: { readonly real: V; readonly fake: V; readonly mask: V; readonly alpha: V },
  weight = 10,
): V {
  const real = ops.stopGradient(maps.real);
  const fake = ops.stopGradient(maps.fake);
  const mixed = ops.add(fake, ops.mul(maps.alpha, ops.sub(real, fake)));
  const [slope] = ops.gradients(ops.sum(ops.sigmoid(critic(mixed))), [mixed]);
  const masked = ops.mul(slope, ops.reshape(maps.mask, [...ops.shape(maps.mask), 1]));
  const norm = ops.sqrt(ops.sum(ops.square(masked), [1, 2, 3]));
  return ops.mul(ops.mean(ops.square(ops.sub(norm, ops.scalar(1)))), ops.scalar(weight));
}

import { crossEntropy } from '@unseen/nn';
import type { Program } from '@unseen/tensor';
import type { ClassVectors } from './class-vectors.ts';
import type { Cagnet } from './model.ts';
import type { Profile } from './settings.ts';

/** Everything a step on synthetic features is made of. */
export interface SyntheticStepOptions {
  readonly model: Cagnet;
  readonly vectors: ClassVectors;
  readonly profile: Profile;
  /** Synthetic pixels a step. */
  readonly draws: number;
  /** Channels of a feature, which is also the dimension of the latent code. */
  readonly channels: number;
  /** λ of the classification, for the heads and for the generator. */
  readonly transfer: { readonly heads: number; readonly generator: number };
}

/**
 * One step on synthetic features only (paper §3.5, spec §7.7): labels are drawn by the host from the prior of seen and
 * unseen classes, the latent code from N(0, I), and the classifier learns from what the generator makes of them.
 * Loss `heads` and, where its weight is not 0, `generator`; in the official profile also then, because the released code
 * lets Adam's momentum move the generator on gradients of 0 (CG-8).
 */
export function syntheticStep(options: SyntheticStepOptions): Program {
  const { model, vectors, draws, channels, transfer } = options;
  // The discriminator has no loss here: only the released code lets weight decay and momentum move it (CG-8).
  const trained =
    options.profile === 'official'
      ? model.heads.parameters()
      : [...model.heads.trunk.parameters(), ...model.heads.classifier.parameters()];
  return {
    name: 'cagnet/synthetic-step',
    inputs: { labels: { shape: [draws], dtype: 'int32' } },
    training: true,
    describe: (ops, { labels }) => {
      const latent = ops.normal([draws, channels]);
      const synthetic = model.generator.forward(ops, vectors.lookUp(ops, labels), latent);
      const classify = crossEntropy(ops, model.heads.forward(ops, synthetic).logits, labels);
      const scaled = (weight: number) => ops.mul(classify, ops.scalar(weight));
      return {
        outputs: { classify },
        losses: {
          heads: { value: scaled(transfer.heads), parameters: trained },
          ...((transfer.generator > 0 || options.profile === 'official') && {
            generator: { value: scaled(transfer.generator), parameters: model.generator.parameters() },
          }),
        },
      };
    },
  };
}

import { contentLoss, klDivergence, labelMask } from '@unseen/nn';
import type { Program } from '@unseen/tensor';
import type { ClassVectors } from './class-vectors.ts';
import type { Cagnet } from './model.ts';

/** Sizes of {@link latentProbe}. */
export interface LatentProbeOptions {
  readonly model: Cagnet;
  readonly vectors: ClassVectors;
  readonly batch: number;
  readonly grid: readonly [number, number];
  readonly channels: number;
}

/**
 * Measures whether the latent code carries context: the squared error of features regenerated from μ (`known`) and from
 * z ~ N(0, I) (`random`), and the KL term. Where both errors are equal the generator ignores the code (posterior collapse).
 */
export function latentProbe(options: LatentProbeOptions): Program {
  const { model, vectors, batch, channels } = options;
  const shape = [batch, ...options.grid];
  return {
    name: 'cagnet/latent-probe',
    inputs: { features: { shape: [...shape, channels], dtype: 'float32' }, labels: { shape, dtype: 'int32' } },
    describe: (ops, { features, labels }) => {
      const context = model.contextual.forward(ops, features);
      const mask = labelMask(ops, labels, vectors.classes);
      const words = vectors.lookUp(ops, labels);
      const errorFrom = (latent: typeof words) =>
        contentLoss(ops, 'mse', model.generator.forward(ops, words, latent), context.features, { mask });
      return {
        outputs: {
          known: errorFrom(context.mu),
          random: errorFrom(ops.normal(ops.shape(context.mu))),
          kl: klDivergence(ops, context.mu, context.logVariance, mask),
        },
      };
    },
  };
}

/** Below this relative gain of a known over a random code the log says that the code has collapsed. */
export const COLLAPSE_GAIN = 0.02;

/** Whether the latent code is ignored by the generator. */
export function hasCollapsed(probe: { readonly known: number; readonly random: number }): boolean {
  return probe.random - probe.known < COLLAPSE_GAIN * probe.random;
}

import type { PixelClassifier } from '@unseen/classifier';
import type { RandomStream } from '@unseen/core';
import { crossEntropy, type Losses, type ScheduledOptimizers, TrainingStep } from '@unseen/nn';
import { type ClassVectors, drawLabels, drawNoise, type FeatureGenerator, type NoiseKind } from '@unseen/synthesis';
import type { Described, Engine, Ops, Parameter, Program } from '@unseen/tensor';

/** Everything a step on synthetic features is made of. */
export interface SyntheticStepOptions {
  readonly generator: FeatureGenerator;
  readonly classifier: PixelClassifier;
  readonly vectors: ClassVectors;
  /** Synthetic pixels a step. */
  readonly draws: number;
  /** Dimension of the generator's latent code or noise. */
  readonly latent: number;
  /** Where that comes from. Default: N(0, I). */
  readonly noise?: NoiseKind;
  /** λ of the classification, for the heads and for the generator. */
  readonly transfer: { readonly heads: number; readonly generator: number };
  /** Weights of the heads that an update changes. Default: those of the classifier. */
  readonly trained?: readonly Parameter[];
  /** Whether the generator is updated although its λ is 0, by the momentum of its optimizer (CG-8). Default false. */
  readonly drift?: boolean;
}

/**
 * One step on synthetic features only (CaGNet, paper §3.5): labels are drawn by the host from the prior of seen and unseen
 * classes, the latent code is noise, and the classifier learns from what the generator makes of them.
 * Loss `heads` and, where its weight is not 0, `generator`.
 */
export function syntheticStep(options: SyntheticStepOptions): Program {
  const { generator, classifier, vectors, draws, latent, transfer, noise = 'gaussian', drift = false } = options;
  const { trained = [...classifier.trunk.parameters(), ...classifier.classifier.parameters()] } = options;
  return {
    name: 'synthetic-step',
    inputs: { labels: { shape: [draws], dtype: 'int32' } },
    training: true,
    describe: (ops, { labels }) => {
      const code = drawNoise(ops, noise, [draws, latent]);
      const synthetic = generator.forward(ops, vectors.lookUp(ops, labels), code);
      const classify = crossEntropy(ops, classifier.logits(ops, synthetic), labels);
      return transferLosses(ops, classify, { generator, trained, transfer, drift });
    },
  };
}

/** What a step on synthetic features learns from its classification: the heads always, the generator where it is to move. */
export function transferLosses<V>(
  ops: Ops<V>,
  classify: V,
  options: Required<Pick<SyntheticStepOptions, 'generator' | 'trained' | 'transfer' | 'drift'>>,
): Described<V> {
  const { generator, trained, transfer, drift } = options;
  const scaled = (weight: number) => ops.mul(classify, ops.scalar(weight));
  return {
    outputs: { classify },
    losses: {
      heads: { value: scaled(transfer.heads), parameters: trained },
      ...((transfer.generator > 0 || drift) && {
        generator: { value: scaled(transfer.generator), parameters: generator.parameters() },
      }),
    },
  };
}

/** Steps on synthetic features, each on newly drawn labels. */
export interface SyntheticSteps {
  /** One update; returns the loss. */
  run(iteration: number, random: RandomStream): Promise<Losses>;
  dispose(): void;
}

/** {@link syntheticStep} on labels drawn from a prior: the probability of each class. */
export function syntheticSteps(
  engine: Engine,
  options: SyntheticStepOptions & { readonly prior: Float64Array },
  optimizers: ScheduledOptimizers,
): SyntheticSteps {
  const training = new TrainingStep({ engine, optimizers, program: () => syntheticStep(options) });
  const labels = new Int32Array(options.draws);
  return {
    run: (iteration, random) =>
      training.run({ labels: drawLabels(labels, options.prior, random) }, { iteration, random }),
    dispose: () => training.dispose(),
  };
}

import type { PatchHeads } from '@unseen/classifier';
import type { RandomStream } from '@unseen/core';
import { crossEntropy, type Losses, type ScheduledOptimizers, TrainingStep } from '@unseen/nn';
import { drawNoise, type LabelPatches } from '@unseen/synthesis';
import type { Engine, Program } from '@unseen/tensor';
import { type SyntheticStepOptions, type SyntheticSteps, transferLosses } from '../../generative/synthetic-step.ts';

/** Everything a step on patches of synthetic features is made of; `draws` counts patches. */
export interface SyntheticPatchOptions extends SyntheticStepOptions {
  readonly classifier: PatchHeads;
  /** Side of a patch. */
  readonly size: number;
  /** Whether the pixels of a patch share their latent code. */
  readonly sharedLatent: boolean;
}

/**
 * One step on synthetic features of patches: the pixels of a patch share their latent code, or not, and the classifier,
 * which sees the whole patch, learns the class of its centre. Inputs: `patches` [draws, size, size] and their `centres` [draws].
 */
export function syntheticPatchStep(options: SyntheticPatchOptions): Program {
  const {
    generator,
    classifier,
    vectors,
    draws,
    size,
    sharedLatent,
    latent,
    transfer,
    noise = 'gaussian',
    drift = false,
  } = options;
  const { trunk, patch, classifier: last } = classifier;
  const { trained = [trunk, patch, last].flatMap((layer) => layer.parameters()) } = options;
  return {
    name: 'cagnet/synthetic-patch-step',
    inputs: { patches: { shape: [draws, size, size], dtype: 'int32' }, centres: { shape: [draws], dtype: 'int32' } },
    training: true,
    describe: (ops, { patches, centres }) => {
      const ones = ops.constant(new Float32Array(size * size).fill(1), [1, size, size, 1]);
      const codes = sharedLatent ? 1 : size;
      const code = ops.mul(drawNoise(ops, noise, [draws, codes, codes, latent]), ones);
      const synthetic = generator.forward(ops, vectors.lookUp(ops, patches), code);
      const classify = crossEntropy(ops, classifier.centreLogits(ops, synthetic), centres);
      return transferLosses(ops, classify, { generator, trained, transfer, drift });
    },
  };
}

/** {@link syntheticPatchStep} on patches, each drawn without replacement from one set of them. */
export class PatchSteps implements SyntheticSteps {
  private readonly training: TrainingStep;
  private readonly sets: readonly LabelPatches[];
  private readonly patches: Int32Array;
  private readonly centres: Int32Array;

  constructor(
    engine: Engine,
    options: SyntheticPatchOptions & { readonly sets: readonly LabelPatches[] },
    optimizers: ScheduledOptimizers,
  ) {
    const { draws, size, sets } = options;
    this.training = new TrainingStep({ engine, optimizers, program: () => syntheticPatchStep(options) });
    this.sets = sets;
    this.patches = new Int32Array(draws * size * size);
    this.centres = new Int32Array(draws);
  }

  /** One update on new patches; returns the loss. */
  run(iteration: number, random: RandomStream): Promise<Losses> {
    this.draw(random);
    return this.training.run({ patches: this.patches, centres: this.centres }, { iteration, random });
  }

  dispose(): void {
    this.training.dispose();
  }

  private draw(random: RandomStream): void {
    const { labels, count, size } = this.sets[random.integer(this.sets.length)];
    const area = size * size;
    let order: readonly number[] = [];
    for (let i = 0; i < this.centres.length; i++) {
      if (i % count === 0) order = random.permutation(count);
      const patch = labels.subarray(order[i % count] * area, (order[i % count] + 1) * area);
      this.patches.set(patch, i * area);
      this.centres[i] = patch[(area - 1) / 2];
    }
  }
}

import { BatchNorm, crossEntropy, trackStatistics } from '@unseen/nn';
import type { Program } from '@unseen/tensor';
import type { CategoryPatchGenerator } from './category-patch-generator.ts';

/** Sizes of {@link patchStep}. */
export interface PatchStepOptions {
  readonly generator: CategoryPatchGenerator;
  /** Side of a patch. */
  readonly size: number;
  /** Patches a step. */
  readonly batch: number;
}

/**
 * One step of the category-patch generator: cross-entropy of every labelled pixel given those before it. Inputs: `patches`
 * with their holes filled, `labels` with 255 in the holes, `condition`; all [batch, size, size]. Loss `generator`; the
 * batch's statistics are outputs, see `trackStatistics`.
 */
export function patchStep({ generator, size, batch }: PatchStepOptions): Program {
  const labels = { shape: [batch, size, size], dtype: 'int32' as const };
  return {
    name: 'synthesis/patch-step',
    training: true,
    inputs: { patches: labels, labels, condition: labels },
    describe: (ops, inputs) => {
      const { result: value, outputs } = trackStatistics(ops, generator.descendants(BatchNorm), () => {
        const logits = generator.forward(ops, inputs.patches, inputs.condition);
        return crossEntropy(ops, logits, inputs.labels);
      });
      return { outputs, losses: { generator: { value, parameters: generator.parameters() } } };
    },
  };
}

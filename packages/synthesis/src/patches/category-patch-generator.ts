import type { SeedTree } from '@unseen/core';
import { BatchNorm, crossEntropy, Dense, dropout, Module, trackStatistics } from '@unseen/nn';
import type { Ops, Program } from '@unseen/tensor';
import { ClassVectors } from '../class-vectors.ts';
import { MaskedConv2d } from './masked-conv.ts';

/** Sizes of {@link CategoryPatchGenerator}; defaults are those of the released code. */
export interface CategoryPatchGeneratorOptions {
  /** Vectors of the classes by train id. */
  readonly vectors: readonly Float32Array[];
  readonly layers?: number;
  readonly width?: number;
  readonly kernel?: number;
  /** Dropout after each of the last two layers. Default 0.5. */
  readonly dropout?: number;
  readonly seeds: SeedTree;
}

/**
 * Generates plausible layouts of categories in small patches (Gu et al. 2022, §3.3): a PixelCNN over class vectors,
 * conditioned on the vector of one category per pixel. Each layer is a masked convolution, batch normalisation, a ReLU
 * and an additive term of the condition. It learns from labels of seen classes, so the logits of unseen ones never see
 * a positive example.
 */
export class CategoryPatchGenerator extends Module {
  readonly convolutions: readonly MaskedConv2d[];
  readonly norms: readonly BatchNorm[];
  readonly conditions: readonly Dense[];
  readonly output: Dense;
  readonly dropout: number;
  private readonly words: ClassVectors;

  constructor(options: CategoryPatchGeneratorOptions) {
    super();
    const { vectors, layers = 8, width = 64, kernel = 7, seeds } = options;
    const indices = Array.from({ length: layers }, (_, i) => i);
    this.words = new ClassVectors(vectors);
    const { dimension, classes } = this.words;
    this.convolutions = indices.map(
      (i) =>
        new MaskedConv2d({
          inputs: i === 0 ? dimension : width,
          outputs: width,
          kernel,
          type: i === 0 ? 'A' : 'B',
          seeds: seeds.child(`convolution${i}`),
        }),
    );
    this.norms = indices.map(() => new BatchNorm({ channels: width }));
    this.conditions = indices.map(
      (i) => new Dense({ inputs: dimension, outputs: width, bias: false, seeds: seeds.child(`condition${i}`) }),
    );
    this.output = new Dense({ inputs: width, outputs: classes, seeds: seeds.child('output') });
    this.dropout = options.dropout ?? 0.5;
  }

  get classes(): number {
    return this.words.classes;
  }

  /**
   * @param patches train id of each pixel, "unlabelled" where unknown, [n, size, size]
   * @param condition train id of the category on which each pixel is conditioned, [n, size, size]
   * @returns logits of each pixel's class given the pixels before it, [n, size, size, classes]
   */
  forward<V>(ops: Ops<V>, patches: V, condition: V): V {
    const given = this.words.lookUp(ops, condition);
    let x = this.words.lookUp(ops, patches);
    const plain = this.convolutions.length - 2;
    for (const [i, convolution] of this.convolutions.entries()) {
      const own = ops.relu(this.norms[i].forward(ops, convolution.forward(ops, x)));
      x = ops.add(own, this.conditions[i].forward(ops, given));
      if (i >= plain) x = dropout(ops, x, this.dropout);
    }
    return this.output.forward(ops, x);
  }
}

/** Sizes of {@link patchStep}. */
export interface PatchStepOptions {
  readonly generator: CategoryPatchGenerator;
  /** Side of a patch. */
  readonly size: number;
  /** Patches per step. */
  readonly batch: number;
}

/**
 * One step of the category-patch generator: cross-entropy of every labelled pixel given those before it. Inputs:
 * `patches` with unlabelled pixels filled, `labels` without one for them, `condition`; all [batch, size, size]. Loss
 * `generator`; the statistics of the batch are outputs, see `trackStatistics`.
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

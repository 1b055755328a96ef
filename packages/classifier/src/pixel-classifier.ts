import type { SeedTree } from '@unseen/core';
import { Dense, dropout, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Sizes of {@link PixelClassifier}; defaults are CaGNet's as released. */
export interface PixelClassifierOptions {
  /** Channels of the features. */
  readonly features: number;
  readonly hidden?: number;
  /** Logits: seen classes, then unseen ones (the released code of CaGNet has one dead channel more, CG-11). */
  readonly classes: number;
  readonly dropout?: number;
  /**
   * The classifier reads (x - offset) · scale. Features in (0, 1) train a classifier slowly unless they are centred:
   * offset .5 and scale 4; the released code has none (offset 0, scale 1).
   */
  readonly centre?: { readonly offset: number; readonly scale: number };
  readonly seeds: SeedTree;
}

/** A perceptron with one hidden layer that classifies every pixel on its own: the classifier of CaGNet, alone. */
export class PixelClassifier extends Module {
  readonly trunk: Dense;
  readonly classifier: Dense;
  readonly rate: number;
  readonly centre: { readonly offset: number; readonly scale: number };

  constructor(options: PixelClassifierOptions) {
    super();
    const { features, hidden = 1024, classes, seeds } = options;
    this.trunk = new Dense({ inputs: features, outputs: hidden, seeds: seeds.child('trunk') });
    this.classifier = new Dense({ inputs: hidden, outputs: classes, seeds: seeds.child('classifier') });
    this.rate = options.dropout ?? 0.5;
    this.centre = options.centre ?? { offset: 0, scale: 1 };
  }

  /** Features [.., features] → logits [.., classes]. */
  logits<V>(ops: Ops<V>, features: V): V {
    return this.classify(ops, this.hidden(ops, features));
  }

  /** What the classifier makes of {@link hidden}. */
  classify<V>(ops: Ops<V>, hidden: V): V {
    return this.classifier.forward(ops, hidden);
  }

  /** What the discriminator reads, and {@link classify}: [.., hidden]. */
  hidden<V>(ops: Ops<V>, features: V): V {
    const { offset, scale } = this.centre;
    const centred =
      offset === 0 && scale === 1 ? features : ops.mul(ops.sub(features, ops.scalar(offset)), ops.scalar(scale));
    return dropout(ops, ops.relu(this.trunk.forward(ops, centred)), this.rate);
  }
}

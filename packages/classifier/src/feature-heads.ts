import type { SeedTree } from '@unseen/core';
import { Dense, dropout, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Sizes of {@link FeatureHeads}; defaults are CaGNet's as released. */
export interface FeatureHeadsOptions {
  /** Channels of the features. */
  readonly features: number;
  readonly hidden?: number;
  /** Logits: seen classes, then unseen ones (the released code has one dead channel more, CG-11). */
  readonly classes: number;
  readonly dropout?: number;
  /**
   * The heads read (x - offset) · scale. Features in (0, 1) train a classifier slowly unless they are centred:
   * offset .5 and scale 4; the released code has none (offset 0, scale 1).
   */
  readonly centre?: { readonly offset: number; readonly scale: number };
  readonly seeds: SeedTree;
}

/**
 * CaGNet's discriminator and classifier on a shared first layer, applied to every pixel on its own.
 * 637,974 weights at 600 features and 21 classes.
 */
export class FeatureHeads extends Module {
  readonly trunk: Dense;
  readonly discriminator: Dense;
  readonly classifier: Dense;
  readonly rate: number;
  readonly centre: { readonly offset: number; readonly scale: number };

  constructor(options: FeatureHeadsOptions) {
    super();
    const { features, hidden = 1024, classes, seeds } = options;
    this.trunk = new Dense({ inputs: features, outputs: hidden, seeds: seeds.child('trunk') });
    this.discriminator = new Dense({ inputs: hidden, outputs: 1, seeds: seeds.child('discriminator') });
    this.classifier = new Dense({ inputs: hidden, outputs: classes, seeds: seeds.child('classifier') });
    this.rate = options.dropout ?? 0.5;
    this.centre = options.centre ?? { offset: 0, scale: 1 };
  }

  /** Features [.., features] → logits [.., classes] and the discriminator's score before its sigmoid [.., 1]. */
  forward<V>(ops: Ops<V>, features: V): { logits: V; realness: V } {
    const { offset, scale } = this.centre;
    const centred =
      offset === 0 && scale === 1 ? features : ops.mul(ops.sub(features, ops.scalar(offset)), ops.scalar(scale));
    const hidden = dropout(ops, ops.relu(this.trunk.forward(ops, centred)), this.rate);
    return { logits: this.classifier.forward(ops, hidden), realness: this.discriminator.forward(ops, hidden) };
  }
}

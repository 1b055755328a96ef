import { Dense } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { PixelClassifier, type PixelClassifierOptions } from './pixel-classifier.ts';

/**
 * CaGNet's discriminator and classifier on a shared first layer, applied to every pixel on its own.
 * 637,974 weights at 600 features and 21 classes.
 */
export class FeatureHeads extends PixelClassifier {
  readonly discriminator: Dense;

  constructor(options: PixelClassifierOptions) {
    super(options);
    const { hidden = 1024, seeds } = options;
    this.discriminator = new Dense({ inputs: hidden, outputs: 1, seeds: seeds.child('discriminator') });
  }

  /** Features [.., features] → logits [.., classes] and the discriminator's score before its sigmoid [.., 1]. */
  forward<V>(ops: Ops<V>, features: V): { logits: V; realness: V } {
    const hidden = this.hidden(ops, features);
    return { logits: this.classify(ops, hidden), realness: this.discriminator.forward(ops, hidden) };
  }
}

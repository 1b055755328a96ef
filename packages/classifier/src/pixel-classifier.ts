import type { SeedTree } from '@unseen/core';
import { Conv2d, Dense, dropout, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Sizes of {@link PixelClassifier}; defaults are those of CaGNet's released code. */
export interface PixelClassifierOptions {
  /** Channels of the features. */
  readonly features: number;
  readonly hidden?: number;
  /** Logits: seen classes, then unseen ones (CaGNet's released code has an additional dead logit, CG-11). */
  readonly classes: number;
  readonly dropout?: number;
  /**
   * The classifier sees (x - offset) · scale. On features in (0, 1) it learns slowly unless they are centred, with
   * offset .5 and scale 4; the released code does not (offset 0, scale 1).
   */
  readonly centre?: { readonly offset: number; readonly scale: number };
  readonly seeds: SeedTree;
}

/**
 * A perceptron with one hidden layer that classifies each pixel independently: CaGNet's classifier without the
 * discriminator.
 *
 * @example
 * import { PixelClassifier } from '@unseen/classifier';
 * import { SeedTree } from '@unseen/core';
 *
 * new PixelClassifier({ features: 8, hidden: 16, classes: 3, seeds: new SeedTree(0) }).parameterCount(); // → 195
 */
export class PixelClassifier extends Module {
  readonly trunk: Dense;
  readonly classifier: Dense;
  readonly dropout: number;
  readonly centre: { readonly offset: number; readonly scale: number };

  constructor(options: PixelClassifierOptions) {
    super();
    const { features, hidden = 1024, classes, seeds } = options;
    this.trunk = new Dense({ inputs: features, outputs: hidden, seeds: seeds.child('trunk') });
    this.classifier = new Dense({ inputs: hidden, outputs: classes, seeds: seeds.child('classifier') });
    this.dropout = options.dropout ?? 0.5;
    this.centre = options.centre ?? { offset: 0, scale: 1 };
  }

  /** Features [.., features] → logits [.., classes]. */
  logits<V>(ops: Ops<V>, features: V): V {
    return this.classify(ops, this.hidden(ops, features));
  }

  /** The last layer of the classifier, on `hidden`. */
  classify<V>(ops: Ops<V>, hidden: V): V {
    return this.classifier.forward(ops, hidden);
  }

  /** The hidden layer, shared with the discriminator: [.., hidden]. */
  hidden<V>(ops: Ops<V>, features: V): V {
    const { offset, scale } = this.centre;
    const centred =
      offset === 0 && scale === 1 ? features : ops.mul(ops.sub(features, ops.scalar(offset)), ops.scalar(scale));
    return dropout(ops, ops.relu(this.trunk.forward(ops, centred)), this.dropout);
  }
}

/**
 * CaGNet's discriminator and classifier on a shared first layer, applied to each pixel independently. 637,974 weights
 * with 600 features and 21 classes.
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

/**
 * The heads of patch-wise CaGNet: a convolution without activation before the classifier's last layer sees a whole
 * patch around each pixel. 9,438,208 weights more than {@link FeatureHeads}, with the defaults and 3×3 patches. Takes
 * maps.
 */
export class PatchHeads extends FeatureHeads {
  readonly patch: Conv2d;

  constructor(options: PixelClassifierOptions & { readonly size: number }) {
    super(options);
    const { hidden = 1024, size, seeds } = options;
    this.patch = new Conv2d({ inputs: hidden, outputs: hidden, kernel: size, seeds: seeds.child('patch') });
  }

  override classify<V>(ops: Ops<V>, hidden: V): V {
    return this.classifier.forward(ops, this.patch.forward(ops, hidden));
  }

  /** {@link logits} at the centres of separate patches: features [n, size, size, features] → logits [n, classes]. */
  centreLogits<V>(ops: Ops<V>, features: V): V {
    const { weight, bias } = this.patch;
    const [outputs] = weight.shape;
    const hidden = this.hidden(ops, features);
    const centres = ops.conv2d(hidden, ops.parameter(weight));
    const rows = ops.reshape(centres, [ops.shape(features)[0], outputs]);
    return this.classifier.forward(ops, bias ? ops.add(rows, ops.parameter(bias)) : rows);
  }
}

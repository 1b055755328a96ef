import { createBackbone, type Encoder } from '@unseen/backbone';
import type { SeedTree } from '@unseen/core';
import { Conv2d, type Initializer, kaimingNormalFanOut, Module, type ParameterGroup, uniformFanIn } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { type Attended, CoAttention } from './co-attention.ts';

/** Options of {@link PairNetwork}. */
export interface PairNetworkOptions {
  /** The network uses its last tap. Default: VGG-16 at output stride 8. */
  readonly encoder?: Encoder;
  readonly classes: number;
  /** Number of 3×3 convolutions after the encoder, with its number of channels. Default 3. */
  readonly depth?: number;
  /**
   * One classifier for all features, as in the paper. Default false: a separate one for the co-attention features, as
   * in the authors' code.
   */
  readonly sharedHead?: boolean;
  /**
   * Initializer of all layers. Default: Kaiming normal by fan-out for convolutions and the classifier, uniform in
   * ±1/√fan-in for the rest.
   */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** Maps of one image of a pair, on the encoder's grid. */
export interface PairMaps<V> extends Attended<V> {
  /** Class scores of its own features: [n, h, w, classes]. */
  readonly basic: V;
  /** Class scores of the features that both images share. */
  readonly co: V;
  /** Class scores of the features that the other image lacks. */
  readonly contrast: V;
}

/**
 * MCIS's classifier of image pairs (Sun et al. 2020, §3): VGG-16, three convolutions, co-attention, and class maps of
 * each image's own, shared and exclusive features. 22,077,268 weights with 20 classes; no normalisation, no dropout.
 */
export class PairNetwork extends Module {
  readonly encoder: Encoder;
  readonly convolutions: readonly Conv2d[];
  readonly classifier: Conv2d;
  readonly attention: CoAttention;
  readonly coClassifier: Conv2d | undefined;

  constructor(options: PairNetworkOptions) {
    super();
    const { classes, depth = 3, sharedHead = false, init, seeds } = options;
    const { encoder = createBackbone('vgg16.tv_in1k', { outputStride: 8, init, seeds: seeds.child('encoder') }) } =
      options;
    const { channels } = encoder.taps[encoder.taps.length - 1];
    const layer = { inputs: channels, init: init ?? kaimingNormalFanOut };
    this.encoder = encoder;
    this.convolutions = Array.from(
      { length: depth },
      (_, i) => new Conv2d({ ...layer, outputs: channels, kernel: 3, seeds: seeds.child('convolutions').child(i) }),
    );
    this.classifier = new Conv2d({ ...layer, outputs: classes, seeds: seeds.child('classifier') });
    this.attention = new CoAttention({ channels, init, seeds: seeds.child('attention') });
    this.coClassifier = sharedHead
      ? undefined
      : new Conv2d({
          ...layer,
          outputs: classes,
          bias: false,
          init: init ?? uniformFanIn,
          seeds: seeds.child('coClassifier'),
        });
  }

  /** Images [n, H, W, 3] → non-negative features [n, h, w, channels]. */
  features<V>(ops: Ops<V>, images: V): V {
    const taps = this.encoder.forward(ops, images);
    return this.convolutions.reduce(
      (map, convolution) => ops.relu(convolution.forward(ops, map)),
      taps[taps.length - 1],
    );
  }

  /** Class maps of a single image, from its features: [n, h, w, classes]. */
  classMaps<V>(ops: Ops<V>, features: V): V {
    return this.classifier.forward(ops, features);
  }

  /** {@link features} of the images of n pairs → class maps of both. */
  relate<V>(ops: Ops<V>, left: V, right: V): { readonly left: PairMaps<V>; readonly right: PairMaps<V> } {
    const attended = this.attention.forward(ops, left, right);
    const head = this.coClassifier ?? this.classifier;
    const maps = (own: V, found: Attended<V>): PairMaps<V> => ({
      ...found,
      basic: this.classMaps(ops, own),
      co: head.forward(ops, found.common),
      contrast: head.forward(ops, found.exclusive),
    });
    return { left: maps(left, attended.left), right: maps(right, attended.right) };
  }

  /** Images of n pairs [n, H, W, 3], of any two sizes → class maps of both. */
  forward<V>(ops: Ops<V>, left: V, right: V): { readonly left: PairMaps<V>; readonly right: PairMaps<V> } {
    return this.relate(ops, this.features(ops, left), this.features(ops, right));
  }

  /**
   * Learning rate multipliers of the authors: 1 for the encoder's weights, 2 for its biases, 10 and 20 for new layers.
   */
  parameterGroups(weightDecay = 0): ParameterGroup[] {
    const groups = [1, 2, 10, 20].map((rateMultiplier) => ({
      parameters: [] as ParameterGroup['parameters'][number][],
      rateMultiplier,
      weightDecay,
    }));
    for (const [name, parameter] of this.namedParameters()) {
      if (!parameter.trainable) continue;
      const isNew = !name.startsWith('encoder.');
      groups[(isNew ? 2 : 0) + (name.endsWith('.bias') ? 1 : 0)].parameters.push(parameter);
    }
    return groups;
  }
}

/** Class scores of images: the mean of their class maps. [n, h, w, classes] → [n, classes] */
export function imageScores<V>(ops: Ops<V>, maps: V): V {
  return ops.mean(maps, [1, 2]);
}

import type { Encoder } from '@unseen/backbone';
import type { SeedTree } from '@unseen/core';
import { Conv2d, type Initializer, Module, uniformFanIn } from '@unseen/nn';
import type { Ops, Parameter } from '@unseen/tensor';
import { mirror } from '../mirror.ts';

/** Options of {@link CamNetwork}. */
export interface CamNetworkOptions {
  /** The classifier uses its last tap. */
  readonly encoder: Encoder;
  readonly classes: number;
  /** Prefixes of encoder parameters that are not trained. Default: ResNet up to stage 2. */
  readonly frozen?: readonly string[];
  /** Initializer of the classifier. Default {@link uniformFanIn}. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** ResNet's stem and stages 1 and 2. */
const FROZEN = ['stem', 'layers.0', 'layers.1'];

/**
 * The classifier that provides IRNet's class activation maps (Ahn et al. 2019, §3): an encoder, global average pooling
 * and a linear classifier without bias. 23,548,992 weights with ResNet-50 and 20 classes, 22,104,064 of them trained.
 *
 * @example
 * import { SeedTree } from '@unseen/core';
 * import { CamNetwork, createIrnetEncoder } from '@unseen/weakly';
 *
 * const seeds = new SeedTree(0);
 * const encoder = createIrnetEncoder({ backbone: 'test_resnet_bottleneck.micro', outputStride: 8, seeds });
 * const network = new CamNetwork({ encoder, classes: 3, seeds });
 * network.classifier.weight.shape; // → [3, 64, 1, 1]
 */
export class CamNetwork extends Module {
  readonly encoder: Encoder;
  readonly classifier: Conv2d;
  private readonly frozen: readonly string[];

  constructor(options: CamNetworkOptions) {
    super();
    const { encoder, classes, frozen = FROZEN, init = uniformFanIn, seeds } = options;
    this.encoder = encoder;
    const inputs = encoder.taps[encoder.taps.length - 1].channels;
    this.classifier = new Conv2d({ inputs, outputs: classes, bias: false, init, seeds: seeds.child('classifier') });
    this.frozen = frozen;
  }

  /** Images [n, H, W, 3] → logits [n, classes]. */
  forward<V>(ops: Ops<V>, images: V): V {
    const mean = ops.mean(this.features(ops, images), [1, 2], true);
    const logits = this.classifier.forward(ops, mean);
    const [n, , , classes] = ops.shape(logits);
    return ops.reshape(logits, [n, classes]);
  }

  /**
   * Class activation maps: the classifier at every position instead of on the mean, followed by ReLU. [n, h, w,
   * classes]
   */
  activations<V>(ops: Ops<V>, images: V): V {
    return ops.relu(this.classifier.forward(ops, this.features(ops, images)));
  }

  /** Sum of the {@link activations} of images and of their mirror images, mirrored back. */
  mirroredActivations<V>(ops: Ops<V>, images: V): V {
    const both = this.activations(ops, ops.concat([images, mirror(ops, images)], 0));
    const [n, ...map] = ops.shape(both);
    const half = (begin: number) => ops.slice(both, [begin, 0, 0, 0], [n / 2, ...map]);
    return ops.add(half(0), mirror(ops, half(n / 2)));
  }

  /** The trained parameters: the classifier and the parts of the encoder that are not frozen. */
  trainedParameters(): { readonly encoder: Parameter[]; readonly classifier: Parameter[] } {
    const isFrozen = (name: string) => this.frozen.some((prefix) => name.startsWith(`${prefix}.`));
    const encoder = [...this.encoder.namedParameters()]
      .filter(([name, parameter]) => parameter.trainable && !isFrozen(name))
      .map(([, parameter]) => parameter);
    return { encoder, classifier: this.classifier.parameters() };
  }

  private features<V>(ops: Ops<V>, images: V): V {
    const taps = this.encoder.forward(ops, images);
    return taps[taps.length - 1];
  }
}

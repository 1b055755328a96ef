import { createSegmentationNetwork, DeepLabV3Plus, type SegmentationNetwork, type UnitOptions } from '@unseen/backbone';
import { type SeedTree, UserError } from '@unseen/core';
import { type Initializer, kaimingNormal, Module, uniformFanIn } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Options of {@link ErrorLocalizer}. */
export interface ErrorLocalizerOptions extends Pick<UnitOptions, 'norm' | 'init'> {
  /** A DeepLab v3+ of the registry. Default `deeplabv3plus_resnet34.eln_error`. */
  readonly network?: string;
  /** Number of classes in the predictions. */
  readonly classes: number;
  /** Default `logits`. */
  readonly prediction?: PredictionForm;
  readonly seeds: SeedTree;
}

/**
 * ELN's error localization network (Kwon and Kwak 2022, §3): a small DeepLab v3+ that says where a prediction for an
 * image is correct. 26,911,265 weights with 21 classes. Normalisation is trained by default.
 */
export class ErrorLocalizer extends Module {
  readonly network: DeepLabV3Plus;
  readonly prediction: PredictionForm;

  constructor(options: ErrorLocalizerOptions) {
    super();
    const { network = 'deeplabv3plus_resnet34.eln_error', classes, prediction = 'logits', norm, seeds } = options;
    const inputs = classes + 4;
    const { init = firstUniform(inputs) } = options;
    this.network = requireV3Plus(
      createSegmentationNetwork(network, { inputs, classes: 1, ...(norm && { norm }), init, seeds }),
    );
    this.prediction = prediction;
  }

  /**
   * Images [n, H, W, 3], normalised, and predicted logits [n, h, w, classes] → logits [n, h', w', 1] of the prediction
   * being correct, at stride 4. No gradient reaches images and predictions; `dropout: false` disables dropout.
   */
  forward<V>(ops: Ops<V>, images: V, logits: V, options: { readonly dropout?: boolean } = {}): V {
    return this.network.forward(ops, localizerInput(ops, images, logits, this.prediction), options).logits;
  }
}

/** The first convolution, which has too many inputs for published weights, is initialised as in the authors' code. */
function firstUniform(inputs: number): Initializer {
  return (shape, random) => (shape[1] === inputs ? uniformFanIn : kaimingNormal)(shape, random);
}

/** Form of the predictions that the localizer sees; the authors' code uses logits. */
export type PredictionForm = 'logits' | 'softmax';

/**
 * Input of ELN's error localizer (Kwon and Kwak 2022, §3): images [n, H, W, 3], the entropy of the prediction in nats,
 * and the prediction itself, logits [n, h, w, C] upsampled with aligned corners: [n, H, W, C + 4]. No gradient flows
 * through it.
 */
export function localizerInput<V>(ops: Ops<V>, images: V, logits: V, form: PredictionForm = 'logits'): V {
  const [, height, width] = ops.shape(images);
  const enlarged = ops.resizeBilinear(logits, [height, width], 'alignCorners');
  const logProbabilities = ops.logSoftmax(enlarged);
  const probabilities = ops.exp(logProbabilities);
  const entropy = ops.neg(ops.sum(ops.mul(probabilities, logProbabilities), [-1], true));
  return ops.stopGradient(ops.concat([images, entropy, form === 'logits' ? enlarged : probabilities], -1));
}

/** Narrows a network to DeepLab v3+, which ELN requires; any other is a `UserError`. */
export function requireV3Plus(network: SegmentationNetwork): DeepLabV3Plus {
  if (network instanceof DeepLabV3Plus) return network;
  throw new UserError({ given: 'a segmentation network other than DeepLab v3+', expected: 'a DeepLab v3+ of ELN' });
}

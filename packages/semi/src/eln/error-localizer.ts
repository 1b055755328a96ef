import { createSegmentationNetwork, type DeepLabV3Plus, type UnitOptions } from '@unseen/backbone';
import type { SeedTree } from '@unseen/core';
import { type Initializer, kaimingNormal, Module, uniformFanIn } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { localizerInput, type PredictionForm } from './localizer-input.ts';
import { requireV3Plus } from './v3plus.ts';

/** Options of {@link ErrorLocalizer}. */
export interface ErrorLocalizerOptions extends Pick<UnitOptions, 'norm' | 'init'> {
  /** A DeepLab v3+ of the registry. Default `deeplabv3plus_resnet34.eln_error`. */
  readonly network?: string;
  /** Of the predictions. */
  readonly classes: number;
  /** Default `logits`. */
  readonly prediction?: PredictionForm;
  readonly seeds: SeedTree;
}

/**
 * ELN's error localization network (Kwon and Kwak 2022, §3): a small DeepLab v3+ that tells, of an image and a
 * prediction, where the prediction is right. 26,911,265 weights with 21 classes. Normalisation is trained by default.
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
   * being right, at stride 4. No gradient reaches images and prediction; `dropout: false` leaves out every dropout.
   */
  forward<V>(ops: Ops<V>, images: V, logits: V, options: { readonly dropout?: boolean } = {}): V {
    return this.network.forward(ops, localizerInput(ops, images, logits, this.prediction), options).logits;
  }
}

/** The first convolution, which has too many inputs for published weights, begins as the authors' does. */
function firstUniform(inputs: number): Initializer {
  return (shape, random) => (shape[1] === inputs ? uniformFanIn : kaimingNormal)(shape, random);
}

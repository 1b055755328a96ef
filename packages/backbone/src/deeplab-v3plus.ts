import { type SeedTree, UserError } from '@unseen/core';
import { Conv2d, dropout, kaimingNormal, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { ConcatAspp } from './aspp.ts';
import { ConvNorm, type UnitOptions } from './conv-norm.ts';
import type { Encoder } from './encoder.ts';
import { PixelHead } from './pixel-head.ts';
import { SegmentationNetwork } from './segmentation-network.ts';

/** Variant of the decoder of DeepLab v3+. */
export interface DeepLabV3PlusVariant {
  /** Dilations of the pyramid's 3×3 branches. Default 6, 12, 18. */
  readonly dilations?: readonly number[];
  /** Whether the pyramid's global branch has batch normalisation. Default true. */
  readonly imageNorm?: boolean;
  /** Dropout after the pyramid and after each of the two 3×3 convolutions. Default 0.5, 0.5, 0.1. */
  readonly dropout?: readonly [number, number, number];
  /**
   * `linear`: the features are the output of the second 3×3 convolution and are classified by a 1×1 convolution.
   * `hidden`: the features are the output of another 1×1 convolution with bias, and each head has a hidden layer.
   * Default `linear`.
   */
  readonly heads?: 'linear' | 'hidden';
  /** Channels of the pyramid and of the features. Default 256. */
  readonly width?: number;
  /** Channels to which the low-level features are reduced. Default 48. */
  readonly lowLevelWidth?: number;
}

/** Options of {@link DeepLabV3PlusDecoder}. */
export interface DeepLabV3PlusDecoderOptions extends DeepLabV3PlusVariant, UnitOptions {
  /** Channels of the low-level features and of the encoder's output. */
  readonly inputs: readonly [lowLevel: number, high: number];
  readonly classes: number;
  /** Channels of the embedding, if there is one. */
  readonly embedding?: number;
  readonly seeds: SeedTree;
}

/** ZS3Net's decoder (Bucher et al. 2019), the standard one. */
export const ZS3_DECODER: DeepLabV3PlusVariant = {};

/** The decoders of ELN's main network, including the auxiliary ones (Kwon and Kwak 2022). */
export const ELN_DECODER: DeepLabV3PlusVariant = { imageNorm: false, dropout: [0.1, 0.5, 0.1], heads: 'hidden' };

/** The decoder of ELN's error localisation network. */
export const ELN_ERROR_DECODER: DeepLabV3PlusVariant = { ...ELN_DECODER, dropout: [0.5, 0.5, 0.1] };

/** Output of {@link DeepLabV3PlusDecoder}, on the grid of the low-level features. */
export interface DecodedMaps<V> {
  /** [n, h, w, width], the input of the heads. */
  readonly features: V;
  /** [n, h, w, classes] */
  readonly logits: V;
  /** [n, h, w, embedding], not normalised. */
  readonly embedding?: V;
}

/**
 * Decoder of DeepLab v3+ (Chen et al. 2018, fig. 2): the pyramid's output, upsampled with aligned corners, is
 * concatenated with reduced low-level features; two 3×3 convolutions follow, then a classifier and optionally an
 * embedding head.
 */
export class DeepLabV3PlusDecoder extends Module {
  readonly aspp: ConcatAspp;
  readonly lowLevel: ConvNorm;
  readonly refine: readonly [ConvNorm, ConvNorm];
  readonly last: Conv2d | undefined;
  readonly classifier: PixelHead;
  readonly projector: PixelHead | undefined;
  readonly dropout: readonly [number, number];
  private readonly options: DeepLabV3PlusDecoderOptions;

  constructor(options: DeepLabV3PlusDecoderOptions) {
    super();
    this.options = options;
    const { inputs, classes, embedding, dilations, imageNorm, dropout = [0.5, 0.5, 0.1], heads = 'linear' } = options;
    const { width = 256, lowLevelWidth = 48, norm, epsilon, init, seeds } = options;
    const unit = { norm, epsilon, init };
    this.aspp = new ConcatAspp({
      ...unit,
      inputs: inputs[1],
      outputs: width,
      dilations,
      imageNorm,
      dropout: dropout[0],
      seeds: seeds.child('aspp'),
    });
    this.lowLevel = new ConvNorm({
      ...unit,
      inputs: inputs[0],
      outputs: lowLevelWidth,
      seeds: seeds.child('lowLevel'),
    });
    const refine = (from: number, i: number) =>
      new ConvNorm({ ...unit, inputs: from, outputs: width, kernel: 3, seeds: seeds.child('refine').child(i) });
    this.refine = [refine(width + lowLevelWidth, 0), refine(width, 1)];
    this.dropout = [dropout[1], dropout[2]];
    const hidden = heads === 'hidden' ? width : undefined;
    this.last = hidden ? new Conv2d({ inputs: width, outputs: width, init, seeds: seeds.child('last') }) : undefined;
    const head = (outputs: number, name: string) =>
      new PixelHead({
        inputs: width,
        outputs,
        hidden,
        // ELN's heads use PyTorch's default initialisation.
        init: hidden ? init : (init ?? kaimingNormal),
        seeds: seeds.child(name),
      });
    this.classifier = head(classes, 'classifier');
    this.projector = embedding ? head(embedding, 'projector') : undefined;
  }

  /**
   * Low-level features [n, h, w, ·] and the encoder's output [n, h', w', ·] → maps [n, h, w, ·]. `dropout: false`
   * disables dropout in training too.
   */
  forward<V>(
    ops: Ops<V>,
    [lowLevel, high]: readonly [lowLevel: V, high: V],
    options: { readonly dropout?: boolean } = {},
  ): DecodedMaps<V> {
    const features = this.features(ops, [lowLevel, high], options);
    return {
      features,
      logits: this.classifier.forward(ops, features),
      ...(this.projector && { embedding: this.projector.forward(ops, features) }),
    };
  }

  /** A decoder of the same form with new weights. */
  sibling(seeds: SeedTree): DeepLabV3PlusDecoder {
    return new DeepLabV3PlusDecoder({ ...this.options, seeds });
  }

  private features<V>(
    ops: Ops<V>,
    [lowLevel, high]: readonly [lowLevel: V, high: V],
    options: { readonly dropout?: boolean },
  ): V {
    const [, height, width] = ops.shape(lowLevel);
    const pyramid = ops.resizeBilinear(this.aspp.forward(ops, high, options), [height, width], 'alignCorners');
    const detail = ops.relu(this.lowLevel.forward(ops, lowLevel));
    let x = ops.concat([pyramid, detail], -1);
    this.refine.forEach((unit, i) => {
      x = ops.relu(unit.forward(ops, x));
      if (options.dropout !== false) x = dropout(ops, x, this.dropout[i]);
    });
    return this.last ? this.last.forward(ops, x) : x;
  }
}

/** Options of {@link DeepLabV3Plus}. */
export interface DeepLabV3PlusOptions extends Omit<DeepLabV3PlusDecoderOptions, 'inputs'> {
  /** Its two taps are the low-level features and the output. */
  readonly encoder: Encoder;
}

/**
 * DeepLab v3+ (Chen et al. 2018): an encoder and a decoder on the grid of its low-level features, at stride 4 for a
 * ResNet. An encoder without exactly two taps is a `UserError`.
 */
export class DeepLabV3Plus extends SegmentationNetwork {
  readonly encoder: Encoder;
  readonly decoder: DeepLabV3PlusDecoder;
  readonly classes: number;
  readonly stride: number;
  readonly convention = 'alignCorners';

  constructor({ encoder, ...options }: DeepLabV3PlusOptions) {
    super();
    const { taps } = encoder;
    if (taps.length !== 2) {
      throw new UserError({
        given: `an encoder with ${taps.length} taps`,
        expected: 'two: low-level features and output',
      });
    }
    this.encoder = encoder;
    this.decoder = new DeepLabV3PlusDecoder({
      ...options,
      inputs: [taps[0].channels, taps[1].channels],
      seeds: options.seeds.child('decoder'),
    });
    this.classes = options.classes;
    this.stride = taps[0].stride;
  }

  /** `dropout: false` leaves out every dropout in training too. */
  forward<V>(ops: Ops<V>, images: V, options: { readonly dropout?: boolean } = {}): DecodedMaps<V> {
    const [lowLevel, high] = this.encoder.forward(ops, images);
    return this.decoder.forward(ops, [lowLevel, high], options);
  }
}

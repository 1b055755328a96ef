import { UserError } from '@unseen/core';
import type { Ops } from '@unseen/tensor';
import { type DecodedMaps, DeepLabV3PlusDecoder, type DeepLabV3PlusDecoderOptions } from './deeplab-v3plus-decoder.ts';
import type { Encoder } from './encoder.ts';
import { SegmentationNetwork } from './segmentation-network.ts';

/** Options of {@link DeepLabV3Plus}. */
export interface DeepLabV3PlusOptions extends Omit<DeepLabV3PlusDecoderOptions, 'inputs'> {
  /** Its taps are the low-level features and the output. */
  readonly encoder: Encoder;
}

/**
 * DeepLab v3+ (Chen et al. 2018): an encoder, and a decoder on the grid of its low-level features, at stride 4 for a ResNet.
 * Another number of taps than two is a `UserError`.
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

import type { Ops } from '@unseen/tensor';
import type { Encoder } from './encoder.ts';
import { LargeFovHead, type LargeFovHeadOptions } from './largefov.ts';
import { type SegmentationMaps, SegmentationNetwork } from './segmentation-network.ts';

/** Options of {@link DeepLabLargeFov}. */
export interface DeepLabLargeFovOptions extends Omit<LargeFovHeadOptions, 'inputs'> {
  /** Its last tap is what the head stands on. */
  readonly encoder: Encoder;
}

/** An encoder with one large field of view behind it: DeepLab-LargeFOV (Chen et al. 2018, §4.1.1), as MCIS trains it. */
export class DeepLabLargeFov extends SegmentationNetwork {
  readonly encoder: Encoder;
  readonly head: LargeFovHead;
  readonly classes: number;
  readonly stride: number;
  readonly convention = 'halfPixel';

  constructor({ encoder, ...options }: DeepLabLargeFovOptions) {
    super();
    const { channels, stride } = encoder.taps[encoder.taps.length - 1];
    this.encoder = encoder;
    this.head = new LargeFovHead({ ...options, inputs: channels, seeds: options.seeds.child('head') });
    this.classes = options.classes;
    this.stride = stride;
  }

  forward<V>(ops: Ops<V>, images: V): SegmentationMaps<V> {
    const features = this.head.view.forward(ops, this.encoder.forward(ops, images).at(-1)!);
    return { features, logits: this.head.score.forward(ops, features) };
  }
}

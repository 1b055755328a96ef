import type { SeedTree } from '@unseen/core';
import { Conv2d, dropout, type Initializer, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import type { Encoder } from './encoder.ts';
import { type SegmentationMaps, SegmentationNetwork } from './segmentation-network.ts';

/** Options of {@link LargeFov}. */
export interface LargeFovOptions {
  readonly inputs: number;
  /** Channels of both convolutions. Default 1024. */
  readonly width?: number;
  /** Dilation and padding of the 3×3 convolution. Default 12. */
  readonly dilation?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Dropout after each convolution. Default 0.5. */
  readonly dropout?: number;
  /** Default Kaiming normal. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/**
 * The large field of view of DeepLab (Chen et al. 2018, §4.1.1): a 3×3 convolution with a high dilation instead of a
 * dense layer over a window, then a 1×1 convolution, each with ReLU and dropout. [n, h, w, inputs] → [n, h, w, width].
 */
export class LargeFov extends Module {
  readonly spread: Conv2d;
  readonly mix: Conv2d;
  private readonly dropout: number;

  constructor(options: LargeFovOptions) {
    super();
    const { inputs, width = 1024, dilation = 12, bias = true, dropout = 0.5, init, seeds } = options;
    const common = { outputs: width, bias, init };
    this.spread = new Conv2d({ ...common, inputs, kernel: 3, dilation, seeds: seeds.child('spread') });
    this.mix = new Conv2d({ ...common, inputs: width, seeds: seeds.child('mix') });
    this.dropout = dropout;
  }

  forward<V>(ops: Ops<V>, x: V): V {
    return [this.spread, this.mix].reduce(
      (map, convolution) => dropout(ops, ops.relu(convolution.forward(ops, map)), this.dropout),
      x,
    );
  }
}

/** Options of {@link LargeFovHead}. */
export interface LargeFovHeadOptions extends LargeFovOptions {
  readonly classes: number;
  /** Initializer of the class convolution. Default Kaiming normal. */
  readonly scoreInit?: Initializer;
}

/**
 * {@link LargeFov} and a 1×1 convolution with bias: one logit per class on the grid of the input. With 2048 inputs, no
 * other biases and no dropout it is the segmentation head of MCIS on ResNet-101 at output stride 8.
 */
export class LargeFovHead extends Module {
  readonly view: LargeFov;
  readonly score: Conv2d;

  constructor(options: LargeFovHeadOptions) {
    super();
    const { classes, scoreInit, seeds, width = 1024 } = options;
    this.view = new LargeFov({ ...options, seeds: seeds.child('view') });
    this.score = new Conv2d({
      inputs: width,
      outputs: classes,
      init: scoreInit,
      seeds: seeds.child('score'),
    });
  }

  forward<V>(ops: Ops<V>, x: V): V {
    return this.score.forward(ops, this.view.forward(ops, x));
  }
}

/** Options of {@link DeepLabLargeFov}. */
export interface DeepLabLargeFovOptions extends Omit<LargeFovHeadOptions, 'inputs'> {
  /** The head uses its last tap. */
  readonly encoder: Encoder;
}

/** An encoder followed by one large field of view: DeepLab-LargeFOV (Chen et al. 2018, §4.1.1), as trained by MCIS. */
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

import type { SeedTree } from '@unseen/core';
import type { Initializer } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { SummedAspp } from './aspp.ts';
import type { Encoder } from './encoder.ts';
import { type SegmentationMaps, SegmentationNetwork } from './segmentation-network.ts';

/** Options of {@link DeepLabV2}. */
export interface DeepLabV2Options {
  /** Its last tap is what the pyramid stands on. */
  readonly encoder: Encoder;
  /** Channels of the summed pyramid: classes or, for methods that go on from there, features. */
  readonly classes: number;
  /** Default 6, 12, 18, 24. */
  readonly dilations?: readonly number[];
  /** Initializer of the pyramid. Default Kaiming normal; SPNet uses N(0, .01). */
  readonly init?: Initializer;
  /** Scales in addition to the full one. Default ½ and ¾. */
  readonly scales?: readonly number[];
  readonly seeds: SeedTree;
}

/** Maps of an image at several scales. */
export interface MultiScaleMaps<V> {
  /** Full scale first, each on its own grid. */
  readonly views: readonly V[];
  /** Their maximum, on the full-scale grid. */
  readonly fused: V;
}

/** DeepLab v2 (Chen et al. 2018): an encoder at stride 8 with a summed pyramid, optionally at several scales. */
export class DeepLabV2 extends SegmentationNetwork {
  readonly encoder: Encoder;
  readonly aspp: SummedAspp;
  readonly classes: number;
  readonly stride: number;
  readonly convention = 'halfPixel';
  readonly scales: readonly number[];

  constructor(options: DeepLabV2Options) {
    super();
    const { encoder, classes, dilations, init, scales = MSC_SCALES, seeds } = options;
    const { channels, stride } = encoder.taps[encoder.taps.length - 1];
    this.encoder = encoder;
    this.aspp = new SummedAspp({
      inputs: channels,
      outputs: classes,
      dilations,
      init,
      seeds: seeds.child('aspp'),
    });
    this.classes = classes;
    this.stride = stride;
    this.scales = scales;
  }

  /** At full scale only. */
  forward<V>(ops: Ops<V>, images: V): SegmentationMaps<V> {
    const features = this.encoder.forward(ops, images).at(-1)!;
    return { features, logits: this.aspp.forward(ops, features) };
  }

  /** The logits of each scale after `head` (default: the identity), and their maximum over the scales. */
  multiScale<V>(ops: Ops<V>, images: V, head: (logits: V) => V = (logits) => logits): MultiScaleMaps<V> {
    const views = viewsAtScales(ops, images, (view) => head(this.forward(ops, view).logits), this.scales);
    return { views, fused: fuseMaximum(ops, views) };
  }
}

/** Scales at which DeepLab v2 processes an image, in addition to full size. */
export const MSC_SCALES: readonly number[] = [0.5, 0.75];

/**
 * Applies a network to images [n, h, w, c] at full size, then at each scale (Chen et al. 2018, §3.1), bilinearly
 * resized to ⌊scale · side⌋. {@link fuseMaximum} combines the maps.
 */
export function viewsAtScales<V, R>(
  ops: Ops<V>,
  images: V,
  network: (images: V) => R,
  scales: readonly number[] = MSC_SCALES,
): R[] {
  const [, height, width] = ops.shape(images);
  const resized = scales.map((scale) =>
    ops.resizeBilinear(images, [Math.floor(scale * height), Math.floor(scale * width)]),
  );
  return [images, ...resized].map(network);
}

/** Element-wise maximum of maps [n, h, w, c], bilinearly resized to the grid of the first one. */
export function fuseMaximum<V>(ops: Ops<V>, maps: readonly V[]): V {
  const [, height, width] = ops.shape(maps[0]);
  return maps
    .map((map, scale) => (scale === 0 ? map : ops.resizeBilinear(map, [height, width])))
    .reduce((a, b) => ops.maximum(a, b));
}

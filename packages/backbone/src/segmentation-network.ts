import { Module } from '@unseen/nn';
import type { Ops, ResizeConvention } from '@unseen/tensor';
import type { Encoder } from './encoder.ts';

/** Output of a segmentation network. */
export interface SegmentationMaps<V> {
  /** Input of the last layer: [n, h, w, channels]. */
  readonly features: V;
  /** [n, h, w, classes], at the network's {@link SegmentationNetwork.stride}. */
  readonly logits: V;
}

/**
 * A network that maps images [n, H, W, channels], normalised as its definition says, to class scores at each position.
 */
export abstract class SegmentationNetwork extends Module {
  abstract readonly encoder: Encoder;
  abstract readonly classes: number;
  /** Input pixels per position of the logits. */
  abstract readonly stride: number;
  /** How its authors upsample logits. */
  abstract readonly convention: ResizeConvention;

  abstract forward<V>(ops: Ops<V>, images: V): SegmentationMaps<V>;

  /** Logits at the size of the images: [n, H, W, classes]. */
  scores<V>(ops: Ops<V>, images: V): V {
    const [, height, width] = ops.shape(images);
    return this.enlarge(ops, this.forward(ops, images).logits, [height, width]);
  }

  /** Upsamples maps the way logits are. */
  enlarge<V>(ops: Ops<V>, maps: V, size: readonly [number, number]): V {
    return ops.resizeBilinear(maps, size, this.convention);
  }
}

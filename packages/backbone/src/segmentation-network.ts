import { Module } from '@unseen/nn';
import type { Ops, ResizeConvention } from '@unseen/tensor';
import type { Encoder } from './encoder.ts';

/** What a segmentation network makes of images. */
export interface SegmentationMaps<V> {
  /** What the last layer sees: [n, h, w, channels]. */
  readonly features: V;
  /** [n, h, w, classes], as coarse as the network's {@link SegmentationNetwork.stride}. */
  readonly logits: V;
}

/** A network that turns images [n, H, W, channels], normalised as its definition says, into a score of each class at each position. */
export abstract class SegmentationNetwork extends Module {
  abstract readonly encoder: Encoder;
  abstract readonly classes: number;
  /** Pixels of the input per position of the logits. */
  abstract readonly stride: number;
  /** How its authors enlarge logits. */
  abstract readonly convention: ResizeConvention;

  abstract forward<V>(ops: Ops<V>, images: V): SegmentationMaps<V>;

  /** Logits enlarged to the images' size: [n, H, W, classes]. */
  scores<V>(ops: Ops<V>, images: V): V {
    const [, height, width] = ops.shape(images);
    return this.enlarge(ops, this.forward(ops, images).logits, [height, width]);
  }

  /** Maps enlarged to another grid as logits are. */
  enlarge<V>(ops: Ops<V>, maps: V, size: readonly [number, number]): V {
    return ops.resizeBilinear(maps, size, this.convention);
  }
}

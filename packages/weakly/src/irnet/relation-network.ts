import type { Encoder } from '@unseen/backbone';
import { type SeedTree, UserError } from '@unseen/core';
import { type Initializer, Module } from '@unseen/nn';
import { type Ops, Parameter } from '@unseen/tensor';
import { mirror } from '../mirror.ts';
import { BoundaryBranch, DisplacementBranch } from './branches.ts';

/** Options of {@link RelationNetwork}. */
export interface RelationNetworkOptions {
  /**
   * Must have five taps, from fine to coarse, the first two on the same grid: for a ResNet, its stem and four stages.
   */
  readonly encoder: Encoder;
  /** Channels per tap in the boundary branch, and normalisation groups. Default 32 in 4. */
  readonly boundary?: { readonly width: number; readonly groups: number };
  /**
   * Channels of the two fine taps and of the others in the displacement branch, and normalisation groups. Default 64,
   * 128, 256 in 8, 16, 16.
   */
  readonly displacement?: {
    readonly widths: readonly [number, number, number];
    readonly groups: readonly [number, number, number];
  };
  /** Default: uniform in ±1/√fan-in. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** Output of {@link RelationNetwork}, on the grid of the first tap (stride 4). */
export interface Relations<V> {
  /** Logits of class boundaries, [n, h, w, 1]. */
  readonly boundary: V;
  /** From each position to the centre of its object, (y, x), in positions: [n, h, w, 2]. */
  readonly displacement: V;
}

/** Options of {@link RelationNetwork.infer}. */
export interface InferenceOptions {
  /** Minimum side to which images are padded with the mean colour. Default 512. */
  readonly least?: number;
}

/**
 * IRNet's inter-pixel relation network (Ahn et al. 2019, §4): class boundaries and displacement fields from a frozen
 * encoder. 1,394,529 trained weights with ResNet-50.
 */
export class RelationNetwork extends Module {
  readonly encoder: Encoder;
  readonly boundary: BoundaryBranch;
  readonly displacement: DisplacementBranch;
  /** Mean displacement over the training images, subtracted outside training, since training only fixes differences. */
  readonly meanShift = new Parameter([2], { trainable: false });

  constructor(options: RelationNetworkOptions) {
    super();
    const { encoder, seeds, boundary = { width: 32, groups: 4 } } = options;
    const { displacement = { widths: [64, 128, 256], groups: [8, 16, 16] }, init } = options;
    const { taps } = encoder;
    if (taps.length !== 5 || taps[0].stride !== taps[1].stride) {
      throw new UserError({
        given: `an encoder with taps at strides ${taps.map(({ stride }) => stride).join(', ')}`,
        expected: 'five taps, the first two at the same stride',
      });
    }
    this.encoder = encoder;
    this.boundary = new BoundaryBranch({ ...boundary, taps, init, seeds: seeds.child('boundary') });
    this.displacement = new DisplacementBranch({ ...displacement, taps, init, seeds: seeds.child('displacement') });
  }

  /** Images [n, H, W, 3] → maps of n images. No gradient reaches the encoder. */
  forward<V>(ops: Ops<V>, images: V): Relations<V> {
    return this.relate(ops, this.encoder.forward(ops, images));
  }

  /** The same from the encoder's taps, which never change and can be stored. */
  relate<V>(ops: Ops<V>, features: readonly V[]): Relations<V> {
    const taps = features.map((tap) => ops.stopGradient(tap));
    const displacement = this.displacement.forward(ops, taps);
    return {
      boundary: this.boundary.forward(ops, taps),
      displacement: ops.training ? displacement : ops.sub(displacement, ops.parameter(this.meanShift)),
    };
  }

  /**
   * Boundary probabilities [1, h, w, 1], from the logits of one image [1, H, W, 3] and of its mirror image, and the
   * displacement [1, h, w, 2] of the image alone; the grid has ⌈H / 4⌉ rows. Normalisation sees the padded image:
   * padded to `least`, or for larger images to a multiple of the coarsest stride.
   */
  infer<V>(ops: Ops<V>, image: V, { least = 512 }: InferenceOptions = {}): Relations<V> {
    const { taps } = this.encoder;
    const [, height, width] = ops.shape(image);
    const coarsest = taps[taps.length - 1].stride;
    const missing = (side: number) => (side <= least ? least : Math.ceil(side / coarsest) * coarsest) - side;
    const both = ops.pad(ops.concat([image, mirror(ops, image)], 0), [0, missing(height), 0, missing(width)]);
    const { boundary, displacement } = this.forward(ops, both);
    const [rows, columns] = [height, width].map((side) => Math.ceil(side / taps[0].stride));
    const part = (map: V, index: number, channels: number) =>
      ops.slice(map, [index, 0, 0, 0], [1, rows, columns, channels]);
    const logits = ops.add(part(boundary, 0, 1), mirror(ops, part(boundary, 1, 1)));
    return {
      boundary: ops.sigmoid(ops.mul(logits, ops.scalar(0.5))),
      displacement: part(displacement, 0, 2),
    };
  }

  /** The trained parameters of each branch, whose learning rates differ. */
  trainedParameters(): { readonly boundary: Parameter[]; readonly displacement: Parameter[] } {
    return { boundary: this.boundary.parameters(), displacement: this.displacement.parameters() };
  }
}

import type { SeedTree } from '@unseen/core';
import { Conv2d, Dense, type Initializer, Module, uniformFanIn } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Options of {@link CoAttention}. */
export interface CoAttentionOptions {
  readonly channels: number;
  /** Default {@link uniformFanIn}. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** Co-attention from the point of view of one image; maps are on its grid. */
export interface Attended<V> {
  /** Attention of each position (row) to the positions of the other image; rows sum to 1. [n, own, other] */
  readonly attention: V;
  /** Features of the other image, averaged by that attention: [n, h, w, channels]. */
  readonly common: V;
  /** Class-agnostic map of objects that both images show, in (0, 1): [n, h, w, 1]. */
  readonly gate: V;
  /** Its own features outside the shared objects: [n, h, w, channels]. */
  readonly exclusive: V;
}

/**
 * Co-attention of two images and its contrast (Sun et al. 2020, §3.1): P = Fₗᵀ W Fᵣ relates every position of the left
 * image to every position of the right one; softmax over either side gives the co-attentive features of the other.
 * 262,656 weights with 512 channels.
 */
export class CoAttention extends Module {
  /** W, applied to the left features. */
  readonly relation: Dense;
  readonly gate: Conv2d;

  constructor({ channels, init = uniformFanIn, seeds }: CoAttentionOptions) {
    super();
    this.relation = new Dense({
      inputs: channels,
      outputs: channels,
      bias: false,
      init,
      seeds: seeds.child('relation'),
    });
    this.gate = new Conv2d({ inputs: channels, outputs: 1, bias: false, init, seeds: seeds.child('gate') });
  }

  /** Feature maps of n pairs; the two grids may differ. */
  forward<V>(ops: Ops<V>, left: V, right: V): { readonly left: Attended<V>; readonly right: Attended<V> } {
    const [leftRows, rightRows] = [rowsOf(ops, left), rowsOf(ops, right)];
    const related = rowsOf(ops, this.relation.forward(ops, left));
    const attend = (own: V, from: V, affinity: V): Attended<V> => {
      const attention = ops.softmax(affinity);
      const common = ops.reshape(ops.matMul(attention, from), ops.shape(own));
      const gate = ops.sigmoid(this.gate.forward(ops, common));
      return { attention, common, gate, exclusive: ops.mul(own, ops.sub(ops.scalar(1), gate)) };
    };
    return {
      left: attend(left, rightRows, ops.matMul(related, rightRows, { transposeB: true })),
      right: attend(right, leftRows, ops.matMul(rightRows, related, { transposeB: true })),
    };
  }
}

/** [n, h, w, c] → [n, h·w, c] */
function rowsOf<V>(ops: Ops<V>, map: V): V {
  const [n, height, width, channels] = ops.shape(map);
  return ops.reshape(map, [n, height * width, channels]);
}

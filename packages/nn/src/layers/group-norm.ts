import { type Ops, Parameter } from '@unseen/tensor';
import { Module } from '../module.ts';

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions {
  readonly channels: number;
  /** A divisor of the number of channels. */
  readonly groups: number;
  /** Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Group normalisation of maps [n, h, w, channels] (Wu and He 2018): consecutive channels share mean and (biased)
 * variance, computed per image, in training and outside.
 */
export class GroupNorm extends Module {
  /** [channels], as is the other. */
  readonly scale: Parameter;
  readonly shift: Parameter;
  readonly groups: number;
  readonly epsilon: number;

  constructor(options: GroupNormOptions) {
    super();
    const { channels, groups, epsilon = 1e-5 } = options;
    if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0)) {
      throw new Error(`${channels} channels cannot be divided into ${groups} groups`);
    }
    this.scale = new Parameter([channels], { values: new Float32Array(channels).fill(1) });
    this.shift = new Parameter([channels]);
    this.groups = groups;
    this.epsilon = epsilon;
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const centred = ops.sub(x, this.groupMeans(ops, x));
    const variance = this.groupMeans(ops, ops.square(centred));
    const deviation = ops.sqrt(ops.add(variance, ops.scalar(this.epsilon)));
    const normal = ops.div(centred, deviation);
    return ops.add(ops.mul(normal, ops.parameter(this.scale)), ops.parameter(this.shift));
  }

  /** The mean of each group, on each of its channels: [n, 1, 1, channels]. */
  private groupMeans<V>(ops: Ops<V>, x: V): V {
    const [n, , , channels] = ops.shape(x);
    const size = channels / this.groups;
    // Only short vectors are reshaped: maps stay as they are in memory.
    const perChannel = ops.reshape(ops.mean(x, [1, 2]), [n, this.groups, size]);
    const perGroup = ops.mean(perChannel, [2], true);
    const spread = ops.mul(perGroup, ops.constant(new Float32Array(size).fill(1), [size]));
    return ops.reshape(spread, [n, 1, 1, channels]);
  }
}

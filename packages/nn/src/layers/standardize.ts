import { type Ops, Parameter } from '@unseen/tensor';
import { Module } from '../module.ts';

/** Statistics of each channel of a feature map. */
export interface ChannelStatistics {
  readonly mean: Float32Array;
  /** Population standard deviation. */
  readonly deviation: Float32Array;
}

/** Added to the standard deviation, so that dead channels stay near 0. */
const EPSILON = 1e-3;

/** (x - mean) / (deviation + 10⁻³) per channel, with fixed statistics that are stored in checkpoints. */
export class Standardize extends Module {
  /** [channels], as is {@link gain}. */
  readonly mean: Parameter;
  readonly gain: Parameter;

  /** Without statistics, the identity. */
  constructor(channels: number, statistics?: ChannelStatistics) {
    super();
    const gain = new Float32Array(channels).fill(1);
    this.mean = new Parameter([channels], { trainable: false, ...(statistics && { values: statistics.mean }) });
    this.gain = new Parameter([channels], {
      trainable: false,
      values: statistics ? gain.map((_, c) => 1 / (statistics.deviation[c] + EPSILON)) : gain,
    });
  }

  forward<V>(ops: Ops<V>, x: V): V {
    return ops.mul(ops.sub(x, ops.parameter(this.mean)), ops.parameter(this.gain));
  }
}

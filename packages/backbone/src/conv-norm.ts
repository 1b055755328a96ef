import { BatchNorm, Conv2d, type Conv2dOptions, DepthwiseConv2d, type Initializer, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Options shared by all convolutions of a network and their batch normalisations. */
export interface UnitOptions {
  /**
   * `frozen`: an affine map by the running statistics, never trained. `affine`: the same, but scale and shift are
   * trained. `trained`: by the statistics of the batch in training. Default `frozen`.
   */
  readonly norm?: 'frozen' | 'affine' | 'trained';
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** Default Kaiming normal; `constant(0)` saves time if weights are loaded anyway. */
  readonly init?: Initializer;
}

/** Options of {@link ConvNorm}; with `depthwise`, one filter per channel. */
export interface ConvNormOptions extends UnitOptions, Omit<Conv2dOptions, 'bias' | 'biasInit' | 'init'> {
  readonly depthwise?: boolean;
}

/** A convolution without bias, followed by batch normalisation. */
export class ConvNorm extends Module {
  readonly conv: Conv2d | DepthwiseConv2d;
  readonly norm: BatchNorm;

  constructor(options: ConvNormOptions) {
    super();
    const { depthwise = false, norm = 'frozen', epsilon = 1e-5, seeds, ...rest } = options;
    this.conv = depthwise
      ? new DepthwiseConv2d({ ...rest, channels: rest.outputs, kernel: rest.kernel ?? 1, seeds: seeds.child('conv') })
      : new Conv2d({ ...rest, bias: false, seeds: seeds.child('conv') });
    this.norm = new BatchNorm({
      channels: rest.outputs,
      epsilon,
      frozen: norm === 'frozen',
      statistics: norm === 'affine' ? 'running' : 'batch',
    });
  }

  forward<V>(ops: Ops<V>, x: V): V {
    return this.norm.forward(ops, this.conv.forward(ops, x));
  }
}

import { BatchNorm, Conv2d, type Conv2dOptions, DepthwiseConv2d, type Initializer, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** What all convolutions of an encoder and the batch normalisations behind them have in common. */
export interface UnitOptions {
  /**
   * `frozen`: an affine by the running statistics, never trained. `affine`: the same with scale and shift trained.
   * `trained`: by the batch's statistics while training. Default `frozen`.
   */
  readonly norm?: 'frozen' | 'affine' | 'trained';
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** Default Kaiming normal; `constant(0)` saves the time where weights are loaded anyway. */
  readonly init?: Initializer;
}

/** Options of {@link ConvNorm}; `depthwise` asks for one filter a channel. */
export interface ConvNormOptions extends UnitOptions, Omit<Conv2dOptions, 'bias' | 'biasInit' | 'init'> {
  readonly depthwise?: boolean;
}

/** A convolution without bias and the batch normalisation behind it. */
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

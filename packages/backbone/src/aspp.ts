import { type SeedTree, UserError } from '@unseen/core';
import { Conv2d, dropout, type Initializer, kaimingNormal, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { ConvNorm, type UnitOptions } from './conv-norm.ts';

/** Options of {@link SummedAspp}. */
export interface SummedAsppOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Default 6, 12, 18, 24. */
  readonly dilations?: readonly number[];
  /** Default Kaiming normal; SPNet starts from N(0, .01). */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/**
 * Atrous spatial pyramid pooling of DeepLab v2 (Chen et al. 2018, §3.2): parallel 3×3 convolutions with bias whose
 * dilation equals their padding, summed. The grid is kept; no activation.
 */
export class SummedAspp extends Module {
  readonly branches: readonly Conv2d[];

  constructor(options: SummedAsppOptions) {
    super();
    const { inputs, outputs, dilations = [6, 12, 18, 24], init = kaimingNormal, seeds } = options;
    this.branches = dilations.map(
      (dilation, i) => new Conv2d({ inputs, outputs, kernel: 3, dilation, init, seeds: seeds.child(i) }),
    );
  }

  forward<V>(ops: Ops<V>, x: V): V {
    return this.branches.map((branch) => branch.forward(ops, x)).reduce((a, b) => ops.add(a, b));
  }
}

/** Options of {@link ConcatAspp}. */
export interface ConcatAsppOptions extends UnitOptions {
  readonly inputs: number;
  /** Channels of each branch and of the output. Default 256. */
  readonly outputs?: number;
  /** Of the 3×3 branches. Default 6, 12, 18. */
  readonly dilations?: readonly number[];
  /** Whether the global branch has batch normalisation (ZS3Net: yes, ELN: no). Default true. */
  readonly imageNorm?: boolean;
  /** Dropout after the projection. Default 0.5. */
  readonly dropout?: number;
  readonly seeds: SeedTree;
}

/**
 * Atrous spatial pyramid pooling of DeepLab v3 (Chen et al. 2017, §3.3): a 1×1 convolution, dilated 3×3 convolutions
 * and the mean of the whole image, concatenated in this order and projected. The grid is kept.
 */
export class ConcatAspp extends Module {
  /** The 1×1 convolution, then the dilated ones. */
  readonly branches: readonly ConvNorm[];
  readonly image: ConvNorm | Conv2d;
  readonly project: ConvNorm;
  readonly dropout: number;

  constructor(options: ConcatAsppOptions) {
    super();
    const { inputs, outputs = 256, dilations = [6, 12, 18], imageNorm = true, dropout = 0.5, seeds } = options;
    const { norm, epsilon, init } = options;
    const unit = { inputs, outputs, norm, epsilon, init };
    this.branches = [
      new ConvNorm({ ...unit, seeds: seeds.child('branches').child(0) }),
      ...dilations.map(
        (dilation, i) => new ConvNorm({ ...unit, kernel: 3, dilation, seeds: seeds.child('branches').child(i + 1) }),
      ),
    ];
    this.image = imageNorm
      ? new ConvNorm({ ...unit, seeds: seeds.child('image') })
      : new Conv2d({ inputs, outputs, bias: false, init, seeds: seeds.child('image') });
    this.project = new ConvNorm({
      ...unit,
      inputs: outputs * (this.branches.length + 1),
      seeds: seeds.child('project'),
    });
    this.dropout = dropout;
  }

  /**
   * [n, h, w, inputs] → [n, h, w, outputs]. In training, a single image is a `UserError` if the global branch is
   * normalised by the statistics of the batch, which would cancel it.
   */
  forward<V>(ops: Ops<V>, x: V, options: { readonly dropout?: boolean } = {}): V {
    const [n, height, width] = ops.shape(x);
    if (n === 1 && ops.training && this.image instanceof ConvNorm && usesBatch(this.image)) {
      throw new UserError({
        given: 'a batch of one image with batch normalisation after global pooling',
        expected: 'at least two images, or frozen normalisation',
      });
    }
    const mean = ops.mean(x, [1, 2], true);
    const image = ops.resizeBilinear(ops.relu(this.image.forward(ops, mean)), [height, width], 'alignCorners');
    const branches = this.branches.map((branch) => ops.relu(branch.forward(ops, x)));
    const projected = ops.relu(this.project.forward(ops, ops.concat([...branches, image], -1)));
    return options.dropout === false ? projected : dropout(ops, projected, this.dropout);
  }
}

const usesBatch = ({ norm }: ConvNorm) => !norm.frozen && norm.statistics === 'batch';

import type { SeedTree } from '@unseen/core';
import { Conv2d, type Initializer } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { planStrides } from './dilation.ts';
import { Encoder, type EncoderOptions } from './encoder.ts';
import { LargeFov } from './largefov.ts';
import type { WeightNames } from './names/rename.ts';
import { torchVggNames } from './names/torch-vgg.ts';
import { stemPool } from './pooling.ts';

/** The architecture of a VGG network. */
export interface VggArchitecture {
  /** Number of 3×3 convolutions in each block. */
  readonly depths: readonly number[];
  /** Channels of each block. */
  readonly widths: readonly number[];
  /**
   * Pooling with stride 2 between the blocks: 2×2 as published, or 3×3 by the ceil rule as in DeepLab. Pooling that
   * loses its stride is 3×3 in both. Default `published`.
   */
  readonly pooling?: 'published' | 'deeplab';
  /** Adds a pooling that keeps the grid, followed by DeepLab's large field of view. Default: neither. */
  readonly largeFov?: { readonly width?: number; readonly dilation?: number };
}

/** Options of {@link Vgg}. */
export interface VggOptions extends VggArchitecture, EncoderOptions {
  /** Default: the natural stride, 16 with five blocks. */
  readonly outputStride?: number;
  /** Default Kaiming normal. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/**
 * VGG network (Simonyan and Zisserman 2015): blocks of 3×3 convolutions with bias and ReLU, pooling between them, no
 * normalisation. The pooling after the last block and the dense layers are left out. Stages: block1, block2, …, each
 * before its pooling, and `fov` with a large field of view. 14,714,688 weights for VGG-16.
 */
export class Vgg extends Encoder {
  readonly blocks: readonly (readonly Conv2d[])[];
  readonly fov: LargeFov | undefined;
  private readonly strides: readonly number[];
  private readonly pooling: 'published' | 'deeplab';

  constructor(options: VggOptions) {
    const { depths, widths, pooling = 'published', largeFov, outputStride, init, seeds } = options;
    const plan = planStrides(
      depths.map((_, i) => (i === 0 ? 1 : 2)),
      1,
      outputStride,
    );
    const stages = plan.map(({ totalStride }, i) => ({
      name: `block${i + 1}`,
      channels: widths[i],
      stride: totalStride,
    }));
    const last = stages[stages.length - 1];
    const fov = largeFov && { width: 1024, ...largeFov, inputs: last.channels };
    super(fov ? [...stages, { name: 'fov', channels: fov.width, stride: last.stride }] : stages, options);
    this.blocks = plan.map(({ dilation }, i) =>
      Array.from(
        { length: depths[i] },
        (_, j) =>
          new Conv2d({
            inputs: j > 0 ? widths[i] : i > 0 ? widths[i - 1] : this.inputs,
            outputs: widths[i],
            kernel: 3,
            dilation,
            init,
            seeds: seeds.child(`block${i + 1}`).child(j),
          }),
      ),
    );
    this.fov = fov && new LargeFov({ ...fov, init, seeds: seeds.child('fov') });
    this.strides = plan.map(({ stride }) => stride);
    this.pooling = pooling;
  }

  override publishedNames(): readonly WeightNames[] {
    return [torchVggNames(this.blocks.map((block) => block.length))];
  }

  protected override *outputs<V>(ops: Ops<V>, images: V): Generator<V> {
    let x = images;
    for (const [i, block] of this.blocks.entries()) {
      if (i > 0) x = this.pool(ops, x, this.strides[i]);
      for (const convolution of block) x = ops.relu(convolution.forward(ops, x));
      yield x;
    }
    if (this.fov) yield this.fov.forward(ops, densePool(ops, x));
  }

  private pool<V>(ops: Ops<V>, x: V, stride: number): V {
    if (stride === 1) return densePool(ops, x);
    return this.pooling === 'deeplab' ? stemPool(ops, x, true) : ops.maxPool(x, { size: 2, stride: 2 });
  }
}

/** 3×3 pooling that keeps the grid. */
function densePool<V>(ops: Ops<V>, x: V): V {
  return ops.maxPool(x, { size: 3, stride: 1, padding: [1, 1, 1, 1] });
}

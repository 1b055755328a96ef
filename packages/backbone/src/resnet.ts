import type { SeedTree } from '@unseen/core';
import type { Ops } from '@unseen/tensor';
import { ConvNorm, type UnitOptions } from './conv-norm.ts';
import { type DilationRule, dilateBlocks, planStrides } from './dilation.ts';
import { Encoder, type EncoderOptions } from './encoder.ts';
import { caffeResNetNames } from './names/caffe-resnet.ts';
import type { WeightNames } from './names/rename.ts';
import { torchResNetNames } from './names/torch-resnet.ts';
import { stemPool } from './pooling.ts';
import { BasicBlock, Bottleneck } from './resnet-blocks.ts';

/** The architecture of a ResNet. */
export interface ResNetArchitecture {
  readonly block: 'basic' | 'bottleneck';
  /** Number of blocks in each stage. */
  readonly depths: readonly number[];
  /** Channels of the 3×3 convolutions of each stage. Default 64, 128, 256, 512. */
  readonly widths?: readonly number[];
  /** Default 1, 2, 2, 2. */
  readonly strides?: readonly number[];
  /** The first convolution (stride 2) and the pooling after it (stride 2). Default 64 channels, 7×7, floor rule. */
  readonly stem?: { readonly width: number; readonly kernel: number; readonly pool: 'floor' | 'ceil' | 'none' };
  /**
   * The convolution of a bottleneck that has the stride: `reduce` as in Caffe, `spatial` as in torchvision. Default
   * `spatial`.
   */
  readonly strideOn?: 'reduce' | 'spatial';
}

/** Options of {@link ResNet}. */
export interface ResNetOptions extends ResNetArchitecture, EncoderOptions, UnitOptions {
  /** Default: the natural stride, 32 for the full-size networks. */
  readonly outputStride?: number;
  /** How strides are replaced to keep the output stride. Default `exact`. */
  readonly dilation?: DilationRule;
  /** Dilation factor of each block of the last stage. */
  readonly multiGrid?: readonly number[];
  readonly seeds: SeedTree;
}

/** Deep residual network (He et al. 2016), dilated for smaller output strides. Stages: stem, stage1, stage2, … */
export class ResNet extends Encoder {
  readonly stem: ConvNorm;
  readonly layers: readonly (readonly (BasicBlock | Bottleneck)[])[];
  private readonly block: 'basic' | 'bottleneck';
  private readonly pool: 'floor' | 'ceil' | 'none';

  constructor(options: ResNetOptions) {
    const { block, depths, widths = [64, 128, 256, 512], strides = [1, 2, 2, 2], strideOn = 'spatial' } = options;
    const { stem = { width: 64, kernel: 7, pool: 'floor' }, norm, epsilon, init, seeds } = options;
    const { dilation: rule = 'exact', multiGrid } = options;
    const Block = block === 'basic' ? BasicBlock : Bottleneck;
    const stemStride = stem.pool === 'none' ? 2 : 4;
    const plan = planStrides(strides.slice(0, depths.length), stemStride, options.outputStride);
    super(
      [
        { name: 'stem', channels: stem.width, stride: stemStride },
        ...plan.map(({ totalStride }, i) => ({
          name: `stage${i + 1}`,
          channels: widths[i] * Block.expansion,
          stride: totalStride,
        })),
      ],
      options,
    );
    this.block = block;
    this.pool = stem.pool;
    this.stem = new ConvNorm({
      inputs: this.inputs,
      outputs: stem.width,
      kernel: stem.kernel,
      stride: 2,
      norm,
      epsilon,
      init,
      seeds: seeds.child('stem'),
    });
    this.layers = plan.map((stage, i) => {
      const dilations = dilateBlocks(stage, depths[i], {
        rule,
        multiGrid: i === plan.length - 1 ? multiGrid : undefined,
      });
      return dilations.map(({ entry, inner }, j) => {
        const first = j === 0;
        const outputs = this.stages[i + 1].channels;
        const inputs = first ? this.stages[i].channels : outputs;
        return new Block({
          inputs,
          width: widths[i],
          stride: first ? stage.stride : 1,
          project: first && (strides[i] !== 1 || inputs !== outputs),
          entryDilation: entry,
          dilation: inner,
          strideOn,
          norm,
          epsilon,
          init,
          seeds: seeds.child(`stage${i + 1}`).child(j),
        });
      });
    });
  }

  override publishedNames(): readonly WeightNames[] {
    return [torchResNetNames(this.block), ...(this.block === 'bottleneck' ? [caffeResNetNames()] : [])];
  }

  protected override *outputs<V>(ops: Ops<V>, images: V): Generator<V> {
    let x = ops.relu(this.stem.forward(ops, images));
    if (this.pool !== 'none') x = stemPool(ops, x, this.pool === 'ceil');
    yield x;
    for (const layer of this.layers) {
      for (const block of layer) x = block.forward(ops, x);
      yield x;
    }
  }
}

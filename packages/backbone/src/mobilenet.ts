import { type SeedTree, UserError } from '@unseen/core';
import { Module } from '@unseen/nn';
import { type Ops, type Padding, samePadding } from '@unseen/tensor';
import { ConvNorm, type UnitOptions } from './conv-norm.ts';
import { planStrides } from './dilation.ts';
import { Encoder, type EncoderOptions } from './encoder.ts';
import { kerasMobileNetNames } from './names/keras-mobilenet.ts';
import type { WeightNames } from './names/rename.ts';

/** Options of {@link MobileNetV1}. */
export interface MobileNetOptions extends EncoderOptions, UnitOptions {
  /** Width multiplier. Default 1. */
  readonly alpha?: number;
  /** Default 32. */
  readonly outputStride?: number;
  readonly seeds: SeedTree;
}

const STEM_WIDTH = 32;
const WIDTHS = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
const STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];
/** Keras pads stride-2 layers only at the right and bottom. */
const STRIDE_2_PADDING: Padding = [0, 1, 0, 1];

/** A depthwise 3×3 convolution and a pointwise convolution, each with normalisation and ReLU6. */
class SeparableBlock extends Module {
  readonly depthwise: ConvNorm;
  readonly pointwise: ConvNorm;

  constructor(
    options: UnitOptions & {
      readonly inputs: number;
      readonly outputs: number;
      readonly stride: number;
      readonly dilation: number;
      readonly seeds: SeedTree;
    },
  ) {
    super();
    const { inputs, outputs, stride, dilation, seeds, ...unit } = options;
    this.depthwise = new ConvNorm({
      ...unit,
      inputs,
      outputs: inputs,
      kernel: 3,
      stride,
      dilation,
      padding: stride === 2 ? STRIDE_2_PADDING : samePadding(3, dilation),
      depthwise: true,
      seeds: seeds.child('depthwise'),
    });
    this.pointwise = new ConvNorm({ ...unit, inputs, outputs, seeds: seeds.child('pointwise') });
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const filtered = ops.relu6(this.depthwise.forward(ops, x));
    return ops.relu6(this.pointwise.forward(ops, filtered));
  }
}

/**
 * MobileNetV1 (Howard et al. 2017) of any width, as in Keras. Stages: stem, block1 … block13. At output stride 16,
 * block 12 has stride 1 and block 13 dilation 2; at stride 8 the same applies from block 6 on.
 */
export class MobileNetV1 extends Encoder {
  readonly stem: ConvNorm;
  readonly blocks: readonly SeparableBlock[];

  constructor(options: MobileNetOptions) {
    const { alpha = 1, norm, epsilon = 1e-3, init, seeds } = options;
    const width = (full: number) => Math.floor(full * alpha);
    if (!(width(STEM_WIDTH) >= 1)) {
      throw new UserError({ given: `width multiplier ${alpha}`, expected: `a number ≥ 1/${STEM_WIDTH}` });
    }
    const plan = planStrides(STRIDES, 2, options.outputStride);
    super(
      [
        { name: 'stem', channels: width(STEM_WIDTH), stride: 2 },
        ...plan.map(({ totalStride }, i) => ({
          name: `block${i + 1}`,
          channels: width(WIDTHS[i]),
          stride: totalStride,
        })),
      ],
      options,
    );
    this.stem = new ConvNorm({
      inputs: this.inputs,
      outputs: width(STEM_WIDTH),
      kernel: 3,
      stride: 2,
      padding: STRIDE_2_PADDING,
      norm,
      epsilon,
      init,
      seeds: seeds.child('stem'),
    });
    this.blocks = plan.map(
      ({ stride, entryDilation }, i) =>
        new SeparableBlock({
          inputs: this.stages[i].channels,
          outputs: this.stages[i + 1].channels,
          stride,
          dilation: entryDilation,
          norm,
          epsilon,
          init,
          seeds: seeds.child(`block${i + 1}`),
        }),
    );
  }

  override publishedNames(): readonly WeightNames[] {
    return [kerasMobileNetNames()];
  }

  protected override *outputs<V>(ops: Ops<V>, images: V): Generator<V> {
    let x = ops.relu6(this.stem.forward(ops, images));
    yield x;
    for (const block of this.blocks) {
      x = block.forward(ops, x);
      yield x;
    }
  }
}

import type { SeedTree } from '@unseen/core';
import { Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';
import { ConvNorm, type UnitOptions } from './conv-norm.ts';

/** Options of the residual blocks. */
export interface BlockOptions extends UnitOptions {
  readonly inputs: number;
  /** Channels of the 3×3 convolutions. */
  readonly width: number;
  readonly stride: number;
  /** Whether the shortcut has a 1×1 convolution: if the grid or the channels change in the undilated network. */
  readonly project: boolean;
  /** Dilation of the 3×3 convolution that has (or had) the stride. */
  readonly entryDilation: number;
  /** Dilation of the other 3×3 convolution. */
  readonly dilation: number;
  /** Bottlenecks: the convolution with the stride, the first 1×1 (Caffe) or the 3×3 (torchvision). */
  readonly strideOn: 'reduce' | 'spatial';
  readonly seeds: SeedTree;
}

/** Two 3×3 convolutions with a shortcut (He et al. 2016, fig. 5 left). */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly first: ConvNorm;
  readonly second: ConvNorm;
  readonly shortcut: ConvNorm | undefined;

  constructor(options: BlockOptions) {
    super();
    const { inputs, width, stride, entryDilation, dilation, norm, epsilon, init, seeds } = options;
    const common = { kernel: 3, outputs: width, norm, epsilon, init };
    this.first = new ConvNorm({ ...common, inputs, stride, dilation: entryDilation, seeds: seeds.child('first') });
    this.second = new ConvNorm({ ...common, inputs: width, dilation, seeds: seeds.child('second') });
    this.shortcut = projection(options, width);
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const inner = ops.relu(this.first.forward(ops, x));
    const around = this.shortcut ? this.shortcut.forward(ops, x) : x;
    return ops.relu(ops.add(this.second.forward(ops, inner), around));
  }
}

/** 1×1, 3×3 and 1×1 convolutions with a shortcut (He et al. 2016, fig. 5 right). */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly reduce: ConvNorm;
  readonly spatial: ConvNorm;
  readonly expand: ConvNorm;
  readonly shortcut: ConvNorm | undefined;

  constructor(options: BlockOptions) {
    super();
    const { inputs, width, stride, entryDilation, dilation, strideOn, norm, epsilon, init, seeds } = options;
    const outputs = width * Bottleneck.expansion;
    const common = { norm, epsilon, init };
    const first = strideOn === 'reduce';
    this.reduce = new ConvNorm({
      ...common,
      inputs,
      outputs: width,
      stride: first ? stride : 1,
      seeds: seeds.child('reduce'),
    });
    this.spatial = new ConvNorm({
      ...common,
      inputs: width,
      outputs: width,
      kernel: 3,
      stride: first ? 1 : stride,
      // A stride on the preceding 1×1 convolution has already subsampled the grid of this filter.
      dilation: first ? dilation : entryDilation,
      seeds: seeds.child('spatial'),
    });
    this.expand = new ConvNorm({ ...common, inputs: width, outputs, seeds: seeds.child('expand') });
    this.shortcut = projection(options, outputs);
  }

  forward<V>(ops: Ops<V>, x: V): V {
    const narrow = ops.relu(this.reduce.forward(ops, x));
    const inner = ops.relu(this.spatial.forward(ops, narrow));
    const around = this.shortcut ? this.shortcut.forward(ops, x) : x;
    return ops.relu(ops.add(this.expand.forward(ops, inner), around));
  }
}

function projection(options: BlockOptions, outputs: number): ConvNorm | undefined {
  const { inputs, stride, project, norm, epsilon, init, seeds } = options;
  return project
    ? new ConvNorm({ inputs, outputs, stride, norm, epsilon, init, seeds: seeds.child('shortcut') })
    : undefined;
}

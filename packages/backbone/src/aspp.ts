import type { SeedTree } from '@unseen/core';
import { Conv2d, type Initializer, kaimingNormal, Module } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

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
 * dilation equals their padding, summed. The grid stays as it is; no activation.
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

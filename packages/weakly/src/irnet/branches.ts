import type { FeatureInfo } from '@unseen/backbone';
import type { SeedTree } from '@unseen/core';
import { Conv2d, GroupNorm, type Initializer, Module, uniform, uniformFanIn } from '@unseen/nn';
import type { Ops } from '@unseen/tensor';

/** Options of {@link Projection}. */
export interface ProjectionOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly groups: number;
  /** Upsampling factor. Default 1. */
  readonly enlarge?: number;
  /** Default {@link uniformFanIn}. */
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** IRNet's projection of a tap: 1×1 convolution, group normalisation, bilinear upsampling and ReLU. */
export class Projection extends Module {
  readonly conv: Conv2d;
  readonly norm: GroupNorm;
  private readonly enlarge: number;

  constructor({ inputs, outputs, groups, enlarge = 1, init = uniformFanIn, seeds }: ProjectionOptions) {
    super();
    this.conv = new Conv2d({ inputs, outputs, bias: false, init, seeds: seeds.child('conv') });
    this.norm = new GroupNorm({ channels: outputs, groups });
    this.enlarge = enlarge;
  }

  /** [n, h, w, inputs] → [n, h', w', outputs], cropped to `grid` if given, since coarse grids are rounded up. */
  forward<V>(ops: Ops<V>, x: V, grid?: readonly [number, number]): V {
    let y = this.norm.forward(ops, this.conv.forward(ops, x));
    const [n, height, width, channels] = ops.shape(y);
    if (this.enlarge !== 1) y = ops.resizeBilinear(y, [height * this.enlarge, width * this.enlarge]);
    y = ops.relu(y);
    return grid ? ops.slice(y, [0, 0, 0, 0], [n, ...grid, channels]) : y;
  }
}

/** Options of both branches. */
export interface BranchOptions {
  /** The five taps of the encoder, from fine to coarse. */
  readonly taps: readonly FeatureInfo[];
  readonly init?: Initializer;
  readonly seeds: SeedTree;
}

/** Rows and columns of a map. */
const gridOf = <V>(ops: Ops<V>, map: V): [number, number] => {
  const [, height, width] = ops.shape(map);
  return [height, width];
};

/** IRNet's class boundary branch (Ahn et al. 2019, §4): one logit per position of the finest grid. */
export class BoundaryBranch extends Module {
  readonly projections: readonly Projection[];
  readonly logit: Conv2d;

  constructor(options: BranchOptions & { readonly width: number; readonly groups: number }) {
    super();
    const { taps, width, groups, init = uniformFanIn, seeds } = options;
    this.projections = taps.map(
      ({ channels, stride }, i) =>
        new Projection({
          inputs: channels,
          outputs: width,
          groups,
          enlarge: stride / taps[0].stride,
          init,
          seeds: seeds.child(i),
        }),
    );
    const inputs = width * taps.length;
    this.logit = new Conv2d({
      inputs,
      outputs: 1,
      init,
      biasInit: uniform(1 / Math.sqrt(inputs)),
      seeds: seeds.child('logit'),
    });
  }

  /** Taps → [n, h, w, 1]. */
  forward<V>(ops: Ops<V>, taps: readonly V[]): V {
    const grid = gridOf(ops, taps[0]);
    const projected = this.projections.map((projection, i) => projection.forward(ops, taps[i], grid));
    return this.logit.forward(ops, ops.concat(projected, -1));
  }
}

/**
 * IRNet's displacement branch (Ahn et al. 2019, §4): the vector from each position to the centre of its object, in
 * positions of the finest grid.
 */
export class DisplacementBranch extends Module {
  readonly projections: readonly Projection[];
  /** Projection of the three coarse taps together. */
  readonly coarse: Projection;
  readonly fine: Projection;
  readonly field: Conv2d;

  constructor(
    options: BranchOptions & {
      readonly widths: readonly [number, number, number];
      readonly groups: readonly [number, number, number];
    },
  ) {
    super();
    const { taps, widths, groups, init = uniformFanIn, seeds } = options;
    const [, , middle] = taps;
    const last = { outputs: widths[2], groups: groups[2], init };
    this.projections = taps.map(({ channels, stride }, i) => {
      const size = Math.min(i, 2);
      return new Projection({
        inputs: channels,
        outputs: widths[size],
        groups: groups[size],
        enlarge: i < 2 ? 1 : stride / middle.stride,
        init,
        seeds: seeds.child(i),
      });
    });
    this.coarse = new Projection({
      ...last,
      inputs: 3 * widths[2],
      enlarge: middle.stride / taps[0].stride,
      seeds: seeds.child('coarse'),
    });
    this.fine = new Projection({ ...last, inputs: widths[0] + widths[1] + widths[2], seeds: seeds.child('fine') });
    this.field = new Conv2d({ inputs: widths[2], outputs: 2, bias: false, init, seeds: seeds.child('field') });
  }

  /** Taps → [n, h, w, 2], vertical first. */
  forward<V>(ops: Ops<V>, taps: readonly V[]): V {
    const [grid, middle] = [gridOf(ops, taps[0]), gridOf(ops, taps[2])];
    const [first, second, ...coarse] = this.projections.map((projection, i) =>
      projection.forward(ops, taps[i], i < 2 ? grid : middle),
    );
    const context = this.coarse.forward(ops, ops.concat(coarse, -1), grid);
    return this.field.forward(ops, this.fine.forward(ops, ops.concat([first, second, context], -1)));
  }
}

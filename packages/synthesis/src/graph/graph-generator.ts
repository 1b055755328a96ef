import type { SeedTree } from '@unseen/core';
import { constant, Dense, dropout, Module, xavierUniform } from '@unseen/nn';
import { type Ops, Parameter } from '@unseen/tensor';
import type { GmmnOptions } from '../generator.ts';

/** Sizes of {@link GraphGenerator}, those of the generator of single pixels; defaults are ZS3Net's as released. */
export type GraphGeneratorOptions = GmmnOptions;

const NEGATIVE_SLOPE = 0.2;
const BIAS = 0.01;

/** A layer of a graph convolutional network: A · (x · W) + b (Kipf and Welling 2017). */
export class GraphConvolution extends Module {
  readonly linear: Dense;
  /** [outputs]; added after the propagation. */
  readonly bias: Parameter;

  constructor({
    inputs,
    outputs,
    seeds,
  }: { readonly inputs: number; readonly outputs: number; readonly seeds: SeedTree }) {
    super();
    this.linear = new Dense({ inputs, outputs, bias: false, init: xavierUniform, seeds });
    this.bias = new Parameter([outputs], { values: constant(BIAS)([outputs], seeds.stream()) });
  }

  /** Nodes [n, inputs], propagation matrix [n, n] → [n, outputs]. */
  forward<V>(ops: Ops<V>, nodes: V, propagation: V): V {
    return ops.add(ops.matMul(propagation, this.linear.forward(ops, nodes)), ops.parameter(this.bias));
  }
}

/**
 * ZS3Net's generator for scenes (Bucher et al. 2019, §3.3, "graph-context encoding"): features of the regions of a
 * label map, from their class vectors, noise and neighbours.
 */
export class GraphGenerator extends Module {
  readonly layers: readonly [GraphConvolution, GraphConvolution];
  readonly dropout: number;

  constructor(options: GraphGeneratorOptions) {
    super();
    const { embedding, noise, features = 256, hidden = 256, seeds } = options;
    this.layers = [
      new GraphConvolution({ inputs: embedding + noise, outputs: hidden, seeds: seeds.child('layer0') }),
      new GraphConvolution({ inputs: hidden, outputs: features, seeds: seeds.child('layer1') }),
    ];
    this.dropout = options.dropout ?? 0.5;
  }

  /** Class vectors [n, embedding] and noise [n, noise] of the regions, propagation matrix [n, n] → features [n, features]. */
  forward<V>(ops: Ops<V>, words: V, noise: V, propagation: V): V {
    const [first, second] = this.layers;
    const hidden = first.forward(ops, ops.concat([words, noise], -1), propagation);
    return second.forward(ops, dropout(ops, ops.leakyRelu(hidden, NEGATIVE_SLOPE), this.dropout), propagation);
  }
}

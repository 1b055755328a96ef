import { type SeedTree, UserError } from '@unseen/core';
import { Dense, dropout, Module } from '@unseen/nn';
import { type Ops, Parameter } from '@unseen/tensor';

/** Projection of features into the space of the class vectors. */
export interface ProjectionOptions {
  /** Widths of ReLU layers before the linear layer. Default: none. */
  readonly hidden?: readonly number[];
  /** Dropout after each hidden layer. Default .5. */
  readonly dropout?: number;
}

/** Options of {@link WordVectorProjection}. */
export interface WordVectorProjectionOptions {
  /** Channels of the features. */
  readonly features: number;
  /** By train id. */
  readonly vectors: readonly Float32Array[];
  /** `null`: the features are already in the space of the class vectors. */
  readonly projection: ProjectionOptions | null;
  readonly seeds: SeedTree;
}

/**
 * SPNet's classifier (Xian et al. 2019, eq. 1): the logits of a pixel are the inner products of its feature, projected
 * if necessary, with fixed class vectors; no bias, no temperature, no normalisation. The vectors are stored with the
 * weights but not trained.
 */
export class WordVectorProjection extends Module {
  readonly layers: readonly Dense[];
  /** [classes, dimension] */
  readonly vectors: Parameter;
  readonly dropout: number;

  constructor({ features, vectors, projection, seeds }: WordVectorProjectionOptions) {
    super();
    const dimension = vectors[0].length;
    const values = new Float32Array(vectors.length * dimension);
    vectors.forEach((vector, c) => {
      values.set(vector, c * dimension);
    });
    this.vectors = new Parameter([vectors.length, dimension], { trainable: false, values });
    this.dropout = projection?.dropout ?? 0.5;
    const widths = projection ? [...(projection.hidden ?? []), dimension] : [];
    this.layers = widths.map(
      (outputs, i) => new Dense({ inputs: [features, ...widths][i], outputs, seeds: seeds.child('layers').child(i) }),
    );
    if (!projection && features !== dimension) {
      throw new UserError({
        given: `features with ${features} channels and class vectors of dimension ${dimension}, without a projection`,
        expected: 'equal sizes',
        remedy: `use features with ${dimension} channels, or add a projection`,
      });
    }
  }

  /** Features [.., features] in the space of the class vectors: [.., dimension]. */
  embed<V>(ops: Ops<V>, features: V): V {
    return this.layers.reduce(
      (x, layer, i) => layer.forward(ops, i === 0 ? x : dropout(ops, ops.relu(x), this.dropout)),
      features,
    );
  }

  /**
   * Rows [n, features] or maps [n, h, w, features] → logits [.., classes] of the first `classes` classes. Default: all.
   */
  forward<V>(ops: Ops<V>, features: V, classes = this.vectors.shape[0]): V {
    const [all, dimension] = this.vectors.shape;
    const vectors = ops.parameter(this.vectors);
    const columns = classes === all ? vectors : ops.slice(vectors, [0, 0], [classes, dimension]);
    const embedded = this.embed(ops, features);
    return ops.shape(embedded).length === 2
      ? ops.matMul(embedded, columns, { transposeB: true })
      : ops.conv2d(embedded, ops.reshape(columns, [classes, dimension, 1, 1]));
  }
}

import * as tf from '@tensorflow/tfjs-core';
import type { Pooling } from '../gradients/primitives.ts';
import { averageFactors, interpolationMatrix, nearestIndices, nearestMatrix } from '../grids.ts';
import type { ResizeConvention } from '../ops.ts';
import type { Shape } from '../shape.ts';
import { padMap, spread, tap } from './convolutions.ts';

type Map4 = tf.Tensor4D;
type Grid = readonly [number, number];

const LOWEST = -3.4028234663852886e38;

const gridOf = (shape: Shape): Grid => [shape[1], shape[2]];

/** See `PrimitiveOps.maxPool`. */
export function maxPool(x: Map4, { size, stride, padding }: Pooling): Map4 {
  return tf.maxPool(padMap(x, padding, LOWEST), size, stride, 'valid');
}

/** See `PrimitiveOps.maxPoolGradient`; of equal maxima in a window, the first one in row order gets everything. */
export function maxPoolGradient(x: Map4, y: Map4, dy: Map4, { size, stride, padding }: Pooling): Map4 {
  const padded = padMap(x, padding, LOWEST);
  const [, paddedHeight, paddedWidth] = padded.shape;
  const grid = gridOf(y.shape);
  let dx: Map4 = tf.zerosLike(padded);
  let remaining = dy;
  for (let k = 0; k < size * size; k++) {
    const [row, column] = [Math.floor(k / size), k % size];
    const chosen = tf.cast(tf.equal(tap(padded, [row, column], grid, stride), y), 'float32');
    const cells = spread(tf.mul(remaining, chosen), stride);
    remaining = tf.mul(remaining, tf.sub(1, chosen));
    const [, height, width] = cells.shape;
    const place = [row, paddedHeight - row - height, column, paddedWidth - column - width] as const;
    dx = tf.add(dx, padMap(cells, place));
  }
  return tf.slice(dx, [0, padding[0], padding[2], 0], x.shape);
}

/** See `PrimitiveOps.averagePool`. */
export function averagePool(x: Map4, options: Pooling): Map4 {
  const { size, stride, padding } = options;
  const sums = tf.mul(tf.avgPool(padMap(x, padding), size, stride, 'valid'), size * size);
  return tf.mul(sums, averageMap(x.shape, options, gridOf(sums.shape)));
}

function averageMap(inputShape: Shape, options: Pooling, [height, width]: Grid): Map4 {
  return tf.tensor4d(averageFactors(gridOf(inputShape), options), [1, height, width, 1]);
}

/** See `PrimitiveOps.averagePoolGradient`: every cell collects from the windows that it lies in. */
export function averagePoolGradient(dy: Map4, inputShape: Shape, options: Pooling): Map4 {
  const { size, stride, padding } = options;
  const [n, height, width, channels] = inputShape;
  const shares = spread(tf.mul(dy, averageMap(inputShape, options, gridOf(dy.shape))), stride);
  const margin = size - 1;
  const framed = padMap(shares, [
    margin,
    height + padding[0] + padding[1] - shares.shape[1],
    margin,
    width + padding[2] + padding[3] - shares.shape[2],
  ]);
  const sums = tf.mul(tf.avgPool(framed, size, 1, 'valid'), size * size);
  return tf.slice(sums as Map4, [0, padding[0], padding[2], 0], [n, height, width, channels]);
}

/** Multiplies the rows and the columns of a map by matrices [to, from], or by their transposes. */
function resample(x: Map4, to: Grid, matrices: readonly [Float32Array, Float32Array], transposed: boolean): Map4 {
  const [n, height, width, channels] = x.shape;
  const matrix = (values: Float32Array, from: number, target: number) =>
    tf.tensor3d(values, transposed ? [1, from, target] : [1, target, from]);
  const rows = tf.matMul(matrix(matrices[0], height, to[0]), tf.reshape(x, [n, height, width * channels]), transposed);
  const columns = tf.matMul(
    matrix(matrices[1], width, to[1]),
    tf.reshape(rows, [n * to[0], width, channels]),
    transposed,
  );
  return tf.reshape(columns, [n, to[0], to[1], channels]);
}

/** See `PrimitiveOps.resizeBilinear`. */
export function resizeBilinear(x: Map4, size: Grid, convention: ResizeConvention): Map4 {
  const [height, width] = gridOf(x.shape);
  const rows = interpolationMatrix(height, size[0], convention);
  return resample(x, size, [rows, interpolationMatrix(width, size[1], convention)], false);
}

/** See `PrimitiveOps.resizeBilinearGradient`. */
export function resizeBilinearGradient(dy: Map4, size: Grid, convention: ResizeConvention): Map4 {
  const [height, width] = gridOf(dy.shape);
  const rows = interpolationMatrix(size[0], height, convention);
  return resample(dy, size, [rows, interpolationMatrix(size[1], width, convention)], true);
}

/** See `PrimitiveOps.resizeNearest`. */
export function resizeNearest(x: Map4, [height, width]: Grid): Map4 {
  const rows = tf.gather(x, tf.tensor1d(nearestIndices(x.shape[1], height), 'int32'), 1);
  return tf.gather(rows, tf.tensor1d(nearestIndices(x.shape[2], width), 'int32'), 2);
}

/** See `PrimitiveOps.resizeNearestGradient`. */
export function resizeNearestGradient(dy: Map4, size: Grid): Map4 {
  const [height, width] = gridOf(dy.shape);
  return resample(dy, size, [nearestMatrix(size[0], height), nearestMatrix(size[1], width)], true);
}

import * as tf from '@tensorflow/tfjs-core';
import type { Convolution } from '../gradients/primitives.ts';
import type { Padding, Shape } from '../shape.ts';

type Map4 = tf.Tensor4D;

/** Adds `value` around a map; padding is always explicit because TF.js's 'same' is lopsided for stride 2. */
export function padMap(x: Map4, [top, bottom, left, right]: Padding, value = 0): Map4 {
  const around: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return around.flat().some((n) => n > 0) ? tf.pad(x, around, value) : x;
}

/** The cells of a map that a window's cell at (row, column) meets: one a window. */
export function tap(x: Map4, [row, column]: Shape, [height, width]: Shape, stride: number): Map4 {
  const [n, , , channels] = x.shape;
  const begin = [0, row, column, 0];
  if (stride === 1) return tf.slice(x, begin, [n, height, width, channels]);
  const end = [n, row + (height - 1) * stride + 1, column + (width - 1) * stride + 1, channels];
  return tf.stridedSlice(x, begin, end, [1, stride, stride, 1]) as Map4;
}

/** Puts stride - 1 zeros between neighbouring cells. */
export function spread(x: Map4, stride: number): Map4 {
  if (stride === 1) return x;
  const [n, height, width, channels] = x.shape;
  const rows = tf.pad(tf.reshape(x, [n * height, 1, width * channels]), [
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ]);
  const cells = tf.pad(tf.reshape(rows, [n * height * stride * width, 1, channels]), [
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ]);
  const grid = tf.reshape(cells, [n, height * stride, width * stride, channels]);
  return tf.slice(grid, [0, 0, 0, 0], [n, (height - 1) * stride + 1, (width - 1) * stride + 1, channels]) as Map4;
}

/** Convolves with stride 1 wherever TF.js cannot stride and dilate at once, and then leaves cells out. */
function strided(convolve: (stride: number) => Map4, { stride, dilation }: Convolution): Map4 {
  if (stride === 1 || dilation === 1) return convolve(stride);
  const dense = convolve(1);
  const grid = dense.shape.slice(1, 3).map((n) => Math.floor((n - 1) / stride) + 1);
  return tap(dense, [0, 0], grid, stride);
}

/**
 * The gradient of a padded map is a stride-1 convolution, with the taps reversed, of the spread-out `dy` framed by
 * dilation · (kernel - 1) zeros. Cells that no window reaches get zeros, and the padding's part is cut off.
 */
function inputGradient(
  convolve: (dy: Map4) => Map4,
  dy: Map4,
  kernel: Shape,
  inputShape: Shape,
  { stride, dilation, padding: [top, bottom, left, right] }: Convolution,
): Map4 {
  const [marginY, marginX] = kernel.map((k) => dilation * (k - 1));
  const dx = convolve(padMap(spread(dy, stride), [marginY, marginY, marginX, marginX]));
  const [n, height, width, channels] = inputShape;
  const missingRows = height + top + bottom - dx.shape[1];
  const missingColumns = width + left + right - dx.shape[2];
  const padded = padMap(dx, [0, missingRows, 0, missingColumns]);
  return tf.slice(padded, [0, top, left, 0], [n, height, width, channels]) as Map4;
}

/** The map under each tap of the kernel, in row-major order of the taps. */
function taps(x: Map4, [kh, kw]: Shape, grid: Shape, { stride, dilation, padding }: Convolution): Map4[] {
  const padded = padMap(x, padding);
  return Array.from({ length: kh * kw }, (_, k) =>
    tap(padded, [Math.floor(k / kw) * dilation, (k % kw) * dilation], grid, stride),
  );
}

/** See `PrimitiveOps.conv2d`. */
export function conv2d(x: Map4, filter: Map4, options: Convolution): Map4 {
  const padded = padMap(x, options.padding);
  const hwio = tf.transpose(filter, [2, 3, 1, 0]);
  return strided((stride) => tf.conv2d(padded, hwio, stride, 'valid', 'NHWC', options.dilation), options);
}

/** See `PrimitiveOps.conv2dInputGradient`. */
export function conv2dInputGradient(dy: Map4, filter: Map4, inputShape: Shape, options: Convolution): Map4 {
  const reversed = tf.reverse(tf.transpose(filter, [2, 3, 0, 1]), [0, 1]);
  const convolve = (map: Map4) => tf.conv2d(map, reversed, 1, 'valid', 'NHWC', options.dilation);
  return inputGradient(convolve, dy, filter.shape.slice(2), inputShape, options);
}

/** See `PrimitiveOps.conv2dFilterGradient`: columns of taps times `dy`. */
export function conv2dFilterGradient(x: Map4, dy: Map4, [outputs, inputs, kh, kw]: Shape, options: Convolution): Map4 {
  const columns = tf.concat(taps(x, [kh, kw], dy.shape.slice(1, 3), options), 3);
  const product = tf.matMul(tf.reshape(columns, [-1, kh * kw * inputs]), tf.reshape(dy, [-1, outputs]), true);
  return tf.transpose(tf.reshape(product, [kh, kw, inputs, outputs]), [3, 2, 0, 1]) as Map4;
}

/** See `PrimitiveOps.depthwiseConv2d`. */
export function depthwiseConv2d(x: Map4, filter: Map4, options: Convolution): Map4 {
  const padded = padMap(x, options.padding);
  const hwc = tf.transpose(filter, [2, 3, 0, 1]);
  return strided((stride) => tf.depthwiseConv2d(padded, hwc, stride, 'valid', 'NHWC', options.dilation), options);
}

/** See `PrimitiveOps.depthwiseConv2dInputGradient`. */
export function depthwiseConv2dInputGradient(dy: Map4, filter: Map4, inputShape: Shape, options: Convolution): Map4 {
  const reversed = tf.reverse(tf.transpose(filter, [2, 3, 0, 1]), [0, 1]);
  const convolve = (map: Map4) => tf.depthwiseConv2d(map, reversed, 1, 'valid', 'NHWC', options.dilation);
  return inputGradient(convolve, dy, filter.shape.slice(2), inputShape, options);
}

/** See `PrimitiveOps.depthwiseConv2dFilterGradient`. */
export function depthwiseConv2dFilterGradient(x: Map4, dy: Map4, [c, , kh, kw]: Shape, options: Convolution): Map4 {
  const sums = taps(x, [kh, kw], dy.shape.slice(1, 3), options).map((part) => tf.sum(tf.mul(part, dy), [0, 1, 2]));
  return tf.reshape(tf.stack(sums, 1), [c, 1, kh, kw]);
}

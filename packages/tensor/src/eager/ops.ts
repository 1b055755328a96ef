import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '@unseen/core';
import type { Convolution, Pooling, PrimitiveOps } from '../gradients/primitives.ts';
import type { Transposition } from '../gradients/products.ts';
import type { ResizeConvention } from '../ops.ts';
import type { Parameter } from '../parameter.ts';
import { type Shape, sizeOf } from '../shape.ts';
import * as convolutions from './convolutions.ts';
import * as windows from './windows.ts';

type T = tf.Tensor;
type Map4 = tf.Tensor4D;

/** What an eager evaluation needs besides its inputs. */
export interface EagerContext {
  readonly training: boolean;
  /** The device's values of a weight. */
  parameter(parameter: Parameter): T;
  /** The source of noise; throws if the run was given none. */
  random(): RandomStream;
}

/** The operations on TF.js tensors of the active backend, evaluated immediately. Use it inside `tf.tidy`. */
export class EagerOps implements PrimitiveOps<T> {
  readonly training: boolean;
  private readonly context: EagerContext;

  constructor(context: EagerContext) {
    this.context = context;
    this.training = context.training;
  }

  shape(x: T): Shape {
    return x.shape;
  }

  parameter(parameter: Parameter): T {
    return this.context.parameter(parameter);
  }
  constant(values: Float32Array | readonly number[], shape: Shape): T {
    return tf.tensor(Float32Array.from(values), [...shape], 'float32');
  }
  scalar(value: number): T {
    return tf.scalar(value);
  }
  normal(shape: Shape): T {
    return this.constant(this.context.random().fillNormal(new Float32Array(sizeOf(shape))), shape);
  }
  bernoulli(shape: Shape, p: number): T {
    const bits = this.context.random().fillBernoulli(new Uint8Array(sizeOf(shape)), p);
    return this.constant(Float32Array.from(bits), shape);
  }

  conv2d(x: T, filter: T, options: Convolution): T {
    return convolutions.conv2d(x as Map4, filter as Map4, options);
  }
  conv2dInputGradient(dy: T, filter: T, inputShape: Shape, options: Convolution): T {
    return convolutions.conv2dInputGradient(dy as Map4, filter as Map4, inputShape, options);
  }
  conv2dFilterGradient(x: T, dy: T, filterShape: Shape, options: Convolution): T {
    return convolutions.conv2dFilterGradient(x as Map4, dy as Map4, filterShape, options);
  }
  depthwiseConv2d(x: T, filter: T, options: Convolution): T {
    return convolutions.depthwiseConv2d(x as Map4, filter as Map4, options);
  }
  depthwiseConv2dInputGradient(dy: T, filter: T, inputShape: Shape, options: Convolution): T {
    return convolutions.depthwiseConv2dInputGradient(dy as Map4, filter as Map4, inputShape, options);
  }
  depthwiseConv2dFilterGradient(x: T, dy: T, filterShape: Shape, options: Convolution): T {
    return convolutions.depthwiseConv2dFilterGradient(x as Map4, dy as Map4, filterShape, options);
  }
  matMul(a: T, b: T, { transposeA, transposeB }: Transposition): T {
    return tf.matMul(a, b, transposeA, transposeB);
  }

  add(a: T, b: T): T {
    return tf.add(a, b);
  }
  sub(a: T, b: T): T {
    return tf.sub(a, b);
  }
  mul(a: T, b: T): T {
    return tf.mul(a, b);
  }
  div(a: T, b: T): T {
    return tf.div(a, b);
  }
  maximum(a: T, b: T): T {
    return tf.maximum(a, b);
  }
  neg(x: T): T {
    return tf.neg(x);
  }
  exp(x: T): T {
    return tf.exp(x);
  }
  log(x: T): T {
    return tf.log(x);
  }
  sqrt(x: T): T {
    return tf.sqrt(x);
  }
  square(x: T): T {
    return tf.square(x);
  }
  abs(x: T): T {
    return tf.abs(x);
  }
  relu(x: T): T {
    return tf.relu(x);
  }
  relu6(x: T): T {
    return tf.relu6(x);
  }
  leakyRelu(x: T, slope: number): T {
    return tf.leakyRelu(x, slope);
  }
  sigmoid(x: T): T {
    return tf.sigmoid(x);
  }
  tanh(x: T): T {
    return tf.tanh(x);
  }
  softplus(x: T): T {
    return tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))));
  }
  step(x: T): T {
    return tf.step(x);
  }

  sum(x: T, axes: readonly number[], keepDims: boolean): T {
    return axes.length > 0 ? tf.sum(x, [...axes], keepDims) : x;
  }
  softmax(x: T): T {
    return tf.softmax(x);
  }
  logSoftmax(x: T): T {
    return tf.logSoftmax(x);
  }

  reshape(x: T, shape: Shape): T {
    return tf.reshape(x, [...shape]);
  }
  transpose(x: T, order: readonly number[]): T {
    return tf.transpose(x, [...order]);
  }
  concat(xs: readonly T[], axis: number): T {
    return tf.concat([...xs], axis);
  }
  slice(x: T, begin: readonly number[], size: readonly number[]): T {
    return tf.slice(x, [...begin], [...size]);
  }
  place(x: T, begin: readonly number[], shape: Shape): T {
    const around = begin.map((n, i): [number, number] => [n, shape[i] - n - x.shape[i]]);
    return tf.pad(x, around);
  }
  broadcastTo(x: T, shape: Shape): T {
    return tf.broadcastTo(x, [...shape]);
  }
  gather(table: T, indices: T): T {
    return tf.gather(table, tf.cast(indices, 'int32'));
  }
  scatterAdd(x: T, indices: T, rows: number): T {
    const channels = x.shape[x.shape.length - 1];
    const positions = tf.reshape(tf.cast(indices, 'int32'), [-1, 1]);
    return tf.scatterND(positions, tf.reshape(x, [-1, channels]), [rows, channels]);
  }
  oneHot(labels: T, depth: number): T {
    return tf.oneHot(tf.cast(labels, 'int32'), depth, 1, 0, 'float32');
  }

  maxPool(x: T, options: Pooling): T {
    return windows.maxPool(x as Map4, options);
  }
  maxPoolGradient(x: T, y: T, dy: T, options: Pooling): T {
    return windows.maxPoolGradient(x as Map4, y as Map4, dy as Map4, options);
  }
  averagePool(x: T, options: Pooling): T {
    return windows.averagePool(x as Map4, options);
  }
  averagePoolGradient(dy: T, inputShape: Shape, options: Pooling): T {
    return windows.averagePoolGradient(dy as Map4, inputShape, options);
  }
  resizeBilinear(x: T, size: readonly [number, number], convention: ResizeConvention): T {
    return windows.resizeBilinear(x as Map4, size, convention);
  }
  resizeBilinearGradient(dy: T, size: readonly [number, number], convention: ResizeConvention): T {
    return windows.resizeBilinearGradient(dy as Map4, size, convention);
  }
  resizeNearest(x: T, size: readonly [number, number]): T {
    return windows.resizeNearest(x as Map4, size);
  }
  resizeNearestGradient(dy: T, size: readonly [number, number]): T {
    return windows.resizeNearestGradient(dy as Map4, size);
  }

  stopGradient(x: T): T {
    return tf.clone(x);
  }
}

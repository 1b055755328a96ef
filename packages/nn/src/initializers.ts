import type { RandomStream } from '@unseen/core';
import { type Shape, sizeOf } from '@unseen/tensor';

/** Computes the initial values of a weight of `shape` ([out, in, …], as `Parameter` stores them). */
export type Initializer = (shape: Shape, random: RandomStream) => Float32Array;

/** Normal with standard deviation √(2 / fan-in): the default everywhere (He et al. 2015). */
export const kaimingNormal: Initializer = (shape, random) => scaledNormal(shape, random, Math.sqrt(2 / fanIn(shape)));

/** Uniform in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio 2010). */
export const xavierUniform: Initializer = (shape, random) => {
  const limit = Math.sqrt(6 / (fanIn(shape) + fanOut(shape)));
  return uniform(limit)(shape, random);
};

/** Uniform in ±1/√fan-in: PyTorch's default for the weights of convolutions and dense layers. */
export const uniformFanIn: Initializer = (shape, random) => uniform(1 / Math.sqrt(fanIn(shape)))(shape, random);

/** Normal with standard deviation √(2 / fan-out), the fan-out being out · kernel height · kernel width (He et al. 2015). */
export const kaimingNormalFanOut: Initializer = (shape, random) =>
  scaledNormal(shape, random, Math.sqrt(2 / fanOut(shape)));

/** Uniform in ±`limit`. */
export function uniform(limit: number): Initializer {
  return (shape, random) => Float32Array.from({ length: sizeOf(shape) }, () => random.between(-limit, limit));
}

/** Normal with mean 0. */
export function normal(standardDeviation: number): Initializer {
  return (shape, random) => scaledNormal(shape, random, standardDeviation);
}

/** The same value everywhere. */
export function constant(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** Number of inputs of one output: in · kernel height · kernel width. */
function fanIn(shape: Shape): number {
  return sizeOf(shape.slice(1));
}

/** Number of outputs of one input: out · kernel height · kernel width. */
function fanOut(shape: Shape): number {
  return (shape[0] * fanIn(shape)) / shape[1];
}

function scaledNormal(shape: Shape, random: RandomStream, scale: number): Float32Array {
  const values = random.fillNormal(new Float32Array(sizeOf(shape)));
  // In place: large networks have tens of millions of weights.
  for (let i = 0; i < values.length; i++) values[i] *= scale;
  return values;
}

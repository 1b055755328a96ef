import type { ConvOptions, PoolOptions } from '../ops.ts';
import type { Padding } from '../shape.ts';
import type { Convolution, Pooling } from './primitives.ts';

const NO_PADDING: Padding = [0, 0, 0, 0];

/** A convolution's options with their defaults. */
export function convolution({ stride = 1, dilation = 1, padding = NO_PADDING }: ConvOptions = {}): Convolution {
  return { stride, dilation, padding };
}

/** A pooling operation's options with their defaults. */
export function pooling({ size, stride, padding = NO_PADDING }: PoolOptions): Pooling {
  return { size, stride, padding };
}

/** The axis counted from the start; throws if it does not exist. */
export function axisOf(rank: number, axis: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new Error(`axis ${axis} is out of range for a value with ${rank} axes`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** The axes (default: all), sorted and counted from the start. */
export function axesOf(rank: number, axes?: readonly number[]): readonly number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  return [...new Set(axes.map((axis) => axisOf(rank, axis)))].sort((a, b) => a - b);
}

import type { Convolution } from '../gradients/primitives.ts';
import type { ResizeConvention } from '../ops.ts';
import { type Shape, sizeOf, windowOutput } from '../shape.ts';

/** An array in double precision. */
export interface Exact {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** Makes one. */
export const exact = (shape: Shape, data: ArrayLike<number>): Exact => ({ shape, data: Float64Array.from(data) });

/** Positions of a value's elements, axis by axis, in their order. */
export function* positions(shape: Shape): Generator<number[]> {
  const position = shape.map(() => 0);
  for (let i = sizeOf(shape); i > 0; i--) {
    yield position.slice();
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++position[axis] < shape[axis]) break;
      position[axis] = 0;
    }
  }
}

/** Where the element at a position lies. */
export function offset(shape: Shape, position: readonly number[]): number {
  let sum = 0;
  for (let axis = 0; axis < shape.length; axis++) sum = sum * shape[axis] + position[axis];
  return sum;
}

/** Where an element of the broadcast value comes from. */
export function source(shape: Shape, position: readonly number[]): number {
  const missing = position.length - shape.length;
  let sum = 0;
  for (let axis = 0; axis < shape.length; axis++)
    sum = sum * shape[axis] + (shape[axis] === 1 ? 0 : position[axis + missing]);
  return sum;
}

/** Height and width of a window operation's result. */
export function windowGrid(
  [, height, width]: Shape,
  [kh, kw]: Shape,
  { stride, dilation, padding: [top, bottom, left, right] }: Convolution,
): Grid {
  return [
    windowOutput(height, kh, stride, dilation, top + bottom),
    windowOutput(width, kw, stride, dilation, left + right),
  ];
}

/** All triples of a window operation: offset in the output, in the input, and tap; padding is left out. */
export function* windows(
  inputShape: Shape,
  kernel: Shape,
  options: Convolution,
): Generator<{ image: number; to: Grid; from: Grid; tap: number }> {
  const [n, height, width] = inputShape;
  const [kh, kw] = kernel;
  const { stride, dilation, padding } = options;
  const [rows, columns] = windowGrid(inputShape, kernel, options);
  for (let image = 0; image < n; image++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let tap = 0; tap < kh * kw; tap++) {
          const y = i * stride + Math.floor(tap / kw) * dilation - padding[0];
          const x = j * stride + (tap % kw) * dilation - padding[2];
          if (y >= 0 && y < height && x >= 0 && x < width) yield { image, to: [i, j], from: [y, x], tap };
        }
}

/** Height and width. */
export type Grid = readonly [number, number];

/** The source cells of cell `i`, with their weights, when a line of `from` cells is resampled to `to` cells. */
export type Line = (from: number, to: number, i: number) => (readonly [cell: number, weight: number])[];

/** The cell at floor(i · from / to). */
export const nearest: Line = (from, to, i) => [[Math.floor((i * from) / to), 1]];

/** A tent of width 1 around the source position, which is kept within the line. */
export const tent =
  (convention: ResizeConvention): Line =>
  (from, to, i) => {
    const scale = convention === 'halfPixel' ? from / to : to > 1 ? (from - 1) / (to - 1) : 0;
    const centre = convention === 'halfPixel' ? (i + 0.5) * scale - 0.5 : i * scale;
    const inside = Math.min(Math.max(centre, 0), from - 1);
    return Array.from({ length: from }, (_, cell) => [cell, Math.max(0, 1 - Math.abs(cell - inside))] as const);
  };

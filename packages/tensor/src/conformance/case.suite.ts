import type { Ops } from '../ops.ts';
import { type Shape, sizeOf } from '../shape.ts';

/** A value that a case is tried with; every float value is also a parameter, so that its gradient is checked. */
export interface CaseInput {
  readonly shape: Shape;
  readonly values: Float32Array | Int32Array;
}

/** An operation, or a small composition, with values to try it with. */
export interface Case {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  /** False where the operation has no second derivative. */
  readonly twice?: boolean;
  build<V>(ops: Ops<V>, inputs: readonly V[]): V;
}

/** Reproducible values in [-2, 2], no two within .004 of each other or of 0, so that no kink is near. */
export function spreadValues(shape: Shape, salt = 0): CaseInput {
  const n = sizeOf(shape);
  const stride = [1, 7, 11, 13, 17, 19].findLast((p) => n % p !== 0 || p === 1)!;
  const values = Array.from({ length: n }, (_, i) => (((i * stride + salt) % n) + 0.37 + 0.11 * (salt % 3)) / n);
  return { shape, values: Float32Array.from(values, (v) => 4 * v - 2) };
}

/** Reproducible values in [low, high]. */
export function valuesBetween(shape: Shape, low: number, high: number): CaseInput {
  const { values } = spreadValues(shape);
  return { shape, values: Float32Array.from(values, (v) => low + ((v + 2) / 4) * (high - low)) };
}

/** Labels or indices. */
export const integers = (shape: Shape, values: readonly number[]): CaseInput => ({
  shape,
  values: Int32Array.from(values),
});

/** Convolutions and pools, of any geometry. */
export function windowCase(
  kind: 'conv2d' | 'depthwiseConv2d' | 'maxPool' | 'averagePool',
  geometry: {
    readonly map: Shape;
    readonly outputs: number;
    readonly kernel: readonly [number, number];
    readonly stride: number;
    readonly dilation: number;
    readonly padding: readonly [number, number, number, number];
  },
): Case {
  const { map, outputs, kernel, stride, dilation, padding } = geometry;
  const channels = map[3];
  const filter = kind === 'conv2d' ? [outputs, channels, ...kernel] : [channels, 1, ...kernel];
  const pool = kind === 'maxPool' || kind === 'averagePool';
  return {
    name: `${kind} ${JSON.stringify(geometry)}`,
    inputs: pool ? [spreadValues(map)] : [spreadValues(map), spreadValues(filter)],
    twice: kind !== 'maxPool',
    build: (ops, [x, weights]) =>
      kind === 'maxPool' || kind === 'averagePool'
        ? ops[kind](x, { size: kernel[0], stride, padding })
        : ops[kind](x, weights, { stride, dilation, padding }),
  };
}

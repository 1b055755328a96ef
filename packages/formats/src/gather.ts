import type { TensorValues } from './tensor-values.ts';

/** Copies the elements of a strided array (strides in elements) into another, last index fastest. */
export function gather(
  source: TensorValues,
  target: TensorValues,
  shape: readonly number[],
  strides: readonly number[],
): void {
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

import type { Ops, Padding } from '@unseen/tensor';

/**
 * The padding with which pooling by the floor rule equals PyTorch's ceil mode: `before` at the start, and as much as
 * the last window needs at the end. Windows that would start in the padding at the end are left out.
 */
export function ceilPadding(length: number, size: number, stride: number, before: number): [number, number] {
  let outputs = Math.ceil((length + 2 * before - size) / stride) + 1;
  if ((outputs - 1) * stride >= length + before) outputs--;
  return [before, Math.max(before, (outputs - 1) * stride + size - length - before)];
}

/**
 * 3×3 max pooling with stride 2 after the first convolution of a ResNet; `ceil` as in Caffe, otherwise as in
 * torchvision.
 */
export function stemPool<V>(ops: Ops<V>, x: V, ceil: boolean): V {
  const [, height, width] = ops.shape(x);
  const padding: Padding = ceil ? [...ceilPadding(height, 3, 2, 1), ...ceilPadding(width, 3, 2, 1)] : [1, 1, 1, 1];
  return ops.maxPool(x, { size: 3, stride: 2, padding });
}

import type { Ops, Padding } from '@unseen/tensor';

/**
 * The padding with which a floor-rule pooling equals PyTorch's ceil mode: 1 before, and behind as much as the last
 * window needs. Windows that would begin in the padding behind the map are left out.
 */
export function ceilPadding(length: number, size: number, stride: number, before: number): [number, number] {
  let outputs = Math.ceil((length + 2 * before - size) / stride) + 1;
  if ((outputs - 1) * stride >= length + before) outputs--;
  return [before, Math.max(before, (outputs - 1) * stride + size - length - before)];
}

/** Max pooling 3×3 with stride 2 behind the first convolution of a ResNet; `ceil` as in Caffe, else as in torchvision. */
export function stemPool<V>(ops: Ops<V>, x: V, ceil: boolean): V {
  const [, height, width] = ops.shape(x);
  const padding: Padding = ceil ? [...ceilPadding(height, 3, 2, 1), ...ceilPadding(width, 3, 2, 1)] : [1, 1, 1, 1];
  return ops.maxPool(x, { size: 3, stride: 2, padding });
}

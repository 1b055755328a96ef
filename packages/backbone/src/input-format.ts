import type { Ops } from '@unseen/tensor';
import type { Normalization } from '@unseen/vision';

/** RGB in [-1, 1]: Keras's MobileNet. */
export const UNIT_RANGE: Normalization = {
  channelOrder: 'rgb',
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};

/** RGB standardised by ImageNet statistics: torchvision. */
export const IMAGENET_STATISTICS: Normalization = {
  channelOrder: 'rgb',
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};

/** BGR minus the mean colour: Caffe. */
export const CAFFE_MEAN: Normalization = { channelOrder: 'bgr', mean: [104.008, 116.669, 122.675], std: [1, 1, 1] };

/**
 * Normalises images [n, h, w, 3], RGB 0 … 255, for a backbone: the vision package's `normalize` as part of a program.
 */
export function normalizeImages<V>(ops: Ops<V>, images: V, { channelOrder, mean, std }: Normalization): V {
  const [n, height, width] = ops.shape(images);
  const channel = (c: number) => ops.slice(images, [0, 0, 0, c], [n, height, width, 1]);
  const ordered = channelOrder === 'rgb' ? images : ops.concat([channel(2), channel(1), channel(0)], -1);
  return ops.div(ops.sub(ordered, ops.constant(mean, [3])), ops.constant(std, [3]));
}

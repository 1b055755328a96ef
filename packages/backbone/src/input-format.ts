import type { Normalization } from '@unseen/vision';

/** RGB in [-1, 1]: Keras' MobileNet. */
export const UNIT_RANGE: Normalization = {
  channelOrder: 'rgb',
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};

/** RGB by the statistics of ImageNet: torchvision. */
export const IMAGENET_STATISTICS: Normalization = {
  channelOrder: 'rgb',
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};

/** BGR minus the mean colour: Caffe. */
export const CAFFE_MEAN: Normalization = { channelOrder: 'bgr', mean: [104.008, 116.669, 122.675], std: [1, 1, 1] };

import type { RgbImage } from '@unseen/core';

/** What a network expects of its images: (value in 0 … 255 - mean) / deviation, per channel of the order given. */
export interface InputFormat {
  readonly channels: 'rgb' | 'bgr';
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** RGB in [-1, 1]: Keras' MobileNet. */
export const UNIT_RANGE: InputFormat = {
  channels: 'rgb',
  mean: [127.5, 127.5, 127.5],
  deviation: [127.5, 127.5, 127.5],
};

/** RGB by the statistics of ImageNet: torchvision. */
export const IMAGENET_STATISTICS: InputFormat = {
  channels: 'rgb',
  mean: [123.675, 116.28, 103.53],
  deviation: [58.395, 57.12, 57.375],
};

/** BGR minus the mean colour: Caffe. */
export const CAFFE_MEAN: InputFormat = { channels: 'bgr', mean: [104.008, 116.669, 122.675], deviation: [1, 1, 1] };

/** An image, 8-bit or resized to floats, [height · width · 3] RGB, as the network expects it. */
export function normalizeImage(image: RgbImage | { readonly data: Float32Array }, format: InputFormat): Float32Array {
  const { mean, deviation, channels } = format;
  const source = channels === 'rgb' ? [0, 1, 2] : [2, 1, 0];
  const out = new Float32Array(image.data.length);
  for (let i = 0; i < out.length; i += 3) {
    for (let c = 0; c < 3; c++) out[i + c] = (image.data[i + source[c]] - mean[c]) / deviation[c];
  }
  return out;
}

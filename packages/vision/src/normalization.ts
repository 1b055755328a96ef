import type { RgbImage } from '@unseen/core';
import { channelsOf, type Raster } from './raster.ts';

/** What a backbone expects of its input: value = (pixel - mean) / std, pixels 0 … 255, statistics in channel order. */
export interface Normalization {
  readonly channelOrder: 'rgb' | 'bgr';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The 8-bit (or resized, still 0 … 255) RGB image as a backbone's input, [height, width, 3]. */
export function normalize(image: RgbImage | Raster<Float32Array>, normalization: Normalization): Raster<Float32Array> {
  const { channelOrder, mean, std } = normalization;
  const { height, width, data: from } = image;
  const channels = channelsOf(image);
  if (channels !== 3) throw new RangeError(`an image of ${channels} channels cannot be normalised as RGB`);
  const data = new Float32Array(from.length);
  for (let c = 0; c < 3; c++) {
    const source = channelOrder === 'rgb' ? c : 2 - c;
    for (let i = 0; i < from.length; i += 3) data[i + c] = (from[i + source] - mean[c]) / std[c];
  }
  return { height, width, data };
}

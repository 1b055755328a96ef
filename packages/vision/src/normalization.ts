import type { RgbImage } from '@unseen/core';
import { channelsOf, type Raster } from './raster.ts';

/** Input format of a backbone: value = (pixel - mean) / std for pixels 0 … 255, with statistics in channel order. */
export interface Normalization {
  readonly channelOrder: 'rgb' | 'bgr';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Converts an RGB image with values 0 … 255 (8-bit or resized) to the input of a backbone, [height, width, 3]. */
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

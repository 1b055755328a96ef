import type { LabelMap, RandomStream, RgbImage } from '@unseen/core';
import {
  type AugmentationOptions,
  augment,
  checkSameSize,
  drawAugmentation,
  type Normalization,
  normalize,
  type Raster,
  resizeBilinear,
  resizeNearest,
} from '@unseen/vision';
import type { SeenOnlySample } from './leakage-guard.ts';

/** A network's input with its labels (raw class ids), one size for both. */
export interface PreparedSample {
  readonly id: string;
  /** Normalised, [height, width, 3]. */
  readonly image: Raster<Float32Array>;
  readonly labels: LabelMap;
}

/** A training crop: normalise, warp, scale, pad, crop, flip, with choices drawn from `random`. */
export async function prepareTraining(
  sample: SeenOnlySample,
  random: RandomStream,
  options: AugmentationOptions & { readonly normalization: Normalization },
): Promise<PreparedSample> {
  const [image, labels] = await readPair(sample);
  const choices = drawAugmentation(random, options);
  return { id: sample.id, ...augment(normalize(image, options.normalization), labels, choices, options) };
}

/** A whole image warped to base × base and normalised, for testing and feature extraction. */
export function warpImage(
  image: RgbImage,
  options: { readonly base: number; readonly normalization: Normalization },
): Raster<Float32Array> {
  // Interpolation is linear, so resizing the pixels first gives the same numbers as resizing the normalised ones.
  return normalize(resizeBilinear(image, options.base, options.base), options.normalization);
}

/** {@link warpImage} with the labels by nearest neighbour. */
export async function prepareWhole(
  sample: SeenOnlySample | { id: string; image(): Promise<RgbImage>; mask?(): Promise<LabelMap> },
  options: { readonly base: number; readonly normalization: Normalization },
): Promise<PreparedSample> {
  const [image, labels] = await readPair(sample);
  return {
    id: sample.id,
    image: warpImage(image, options),
    labels: resizeNearest(labels, options.base, options.base),
  };
}

async function readPair(sample: {
  id: string;
  image(): Promise<RgbImage>;
  mask?: () => Promise<LabelMap>;
}): Promise<[RgbImage, LabelMap]> {
  if (!sample.mask) throw new TypeError(`sample ${sample.id} has no mask`);
  const [image, labels] = await Promise.all([sample.image(), sample.mask()]);
  checkSameSize(image, labels);
  return [image, labels];
}

import type { LabelMap, RandomStream, RgbImage } from '@unseen/core';
import {
  type AugmentationOptions,
  augment,
  checkSameSize,
  drawAugmentation,
  type Normalization,
  normalize,
  type Raster,
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

async function readPair(sample: SeenOnlySample): Promise<[RgbImage, LabelMap]> {
  if (!sample.mask) throw new TypeError(`sample ${sample.id} has no mask`);
  const [image, labels] = await Promise.all([sample.image(), sample.mask()]);
  checkSameSize(image, labels);
  return [image, labels];
}

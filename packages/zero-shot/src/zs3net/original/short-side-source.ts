import type { LabelData, LabelMap, RandomStream, Sample } from '@unseen/core';
import type { LabelledSource } from '@unseen/experiment';
import {
  augmentShortSide,
  drawShortSideAugmentation,
  type Normalization,
  normalize,
  type ShortSideOptions,
} from '@unseen/vision';

/** Options of {@link shortSideSource}. */
export interface ShortSideSourceOptions {
  readonly augmentation: ShortSideOptions & { readonly crop: number };
  readonly normalization: Normalization;
  /** What is known of the pixels. */
  channelsOf(labels: LabelMap): LabelData;
  /** Every reading draws a new crop. */
  readonly random: RandomStream;
}

/** Random crops with ZS3Net's augmentation as a source of batches: normalised pixels [crop, crop, 3] with channels. */
export function shortSideSource(samples: readonly Sample[], options: ShortSideSourceOptions): LabelledSource {
  const { augmentation, normalization, channelsOf, random } = options;
  const { crop } = augmentation;
  return {
    length: samples.length,
    grid: [crop, crop],
    channels: 3,
    async read(index, target, offset = 0) {
      const sample = samples[index];
      const [image, mask] = await Promise.all([sample.image(), sample.mask!()]);
      const choices = drawShortSideAugmentation(random, image, augmentation);
      const { image: pixels, labels } = augmentShortSide(image, mask, choices, augmentation);
      target.set(normalize(pixels, normalization).data, offset);
      return channelsOf(labels);
    },
  };
}

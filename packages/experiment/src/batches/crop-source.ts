import type { RandomStream } from '@unseen/core';
import { ContiguousLabels, type GuardedTraining, prepareTraining } from '@unseen/data';
import type { Normalization } from '@unseen/vision';
import type { LabelledSource } from './labelled-batches.ts';

/** Options of {@link cropSource}. */
export interface CropSourceOptions {
  /** Side to which images are warped first. */
  readonly base: number;
  /** Side of the crops. */
  readonly crop: number;
  readonly profile: 'default' | 'official';
  readonly normalization: Normalization;
  /** Every reading draws a new crop. */
  readonly random: RandomStream;
}

/**
 * Random crops of guarded training images as a source of batches (warp, scale .5-1.5, pad, crop, flip):
 * normalised pixels [crop, crop, 3] with channels of seen classes.
 */
export function cropSource({ samples, split }: GuardedTraining, options: CropSourceOptions): LabelledSource {
  const { random, ...augmentation } = options;
  const channels = new ContiguousLabels(split);
  return {
    length: samples.length,
    grid: [options.crop, options.crop],
    channels: 3,
    async read(index, target, offset = 0) {
      const { image, labels } = await prepareTraining(samples[index], random, augmentation);
      target.set(image.data, offset);
      return channels.toTrainChannels(labels).data;
    },
  };
}

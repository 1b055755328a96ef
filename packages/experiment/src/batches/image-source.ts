import { ContiguousLabels, type GuardedTraining } from '@unseen/data';
import { flipHorizontal, type Normalization, normalize, resizeBilinear, resizeNearest } from '@unseen/vision';
import type { LabelledSource } from './labelled-batches.ts';

/** Options of {@link imageSource}. */
export interface ImageSourceOptions {
  /** [height, width] to which images and masks are warped. */
  readonly size: readonly [number, number];
  readonly normalization: Normalization;
  /** Whether every image counts twice, the second time flipped. */
  readonly flip: boolean;
}

/** Guarded training images as a source of batches: normalised pixels [h, w, 3] with channels of seen classes. */
export function imageSource({ samples, split }: GuardedTraining, options: ImageSourceOptions): LabelledSource {
  const { size, normalization, flip } = options;
  const channels = new ContiguousLabels(split);
  return {
    length: samples.length * (flip ? 2 : 1),
    grid: size,
    channels: 3,
    async read(index, target, offset = 0) {
      const sample = samples[index % samples.length];
      const isFlipped = index >= samples.length;
      const [image, mask] = await Promise.all([sample.image(), sample.mask!()]);
      const warped = normalize(resizeBilinear(image, ...size), normalization);
      const labels = channels.toTrainChannels(resizeNearest(mask, ...size));
      target.set((isFlipped ? flipHorizontal(warped) : warped).data, offset);
      return (isFlipped ? flipHorizontal(labels) : labels).data;
    },
  };
}

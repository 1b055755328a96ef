import { IGNORE, type RandomStream, UserError } from '@unseen/core';
import { crop, flipHorizontal, padCentred } from './geometry.ts';
import type { Raster } from './raster.ts';
import { resizeBilinear, resizeNearest } from './resize.ts';

/** Settings of the training augmentation warp → scale → pad → crop → flip. */
export interface AugmentationOptions {
  /** Side length to which image and labels are warped first; the aspect ratio is not kept. */
  readonly base?: number;
  readonly crop?: number;
  /** Range of the scale factor. */
  readonly scale?: readonly [number, number];
  /** Probability of a flip. */
  readonly flip?: number;
  /**
   * `official` samples the random scaling with step 1/s, as OpenCV does when given a factor; `default` with input size
   * / output size.
   */
  readonly profile?: 'default' | 'official';
}

/** The random choices of one augmentation. */
export interface Augmentation {
  readonly scale: number;
  /** Position of the crop in the scaled and padded image. */
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
}

const DEFAULTS = { base: 513, crop: 368, scale: [0.5, 1.5], flip: 0.5, profile: 'default' } as const;

/** Draws the choices of one augmentation: the scale uniform in its range, the crop uniform over all positions. */
export function drawAugmentation(random: RandomStream, options: AugmentationOptions = {}): Augmentation {
  const { base, crop: size, scale: range, flip } = { ...DEFAULTS, ...options };
  const scale = random.between(...range);
  const positions = Math.max(Math.round(base * scale), base, size) - size + 1;
  return { scale, top: random.integer(positions), left: random.integer(positions), flip: random.uniform() < flip };
}

/**
 * Applies drawn choices to a normalised image [height, width, 3] and its labels. Padding is 0 in the image (the mean
 * colour after normalisation) and {@link IGNORE} in the labels.
 */
export function augment<L extends Raster>(
  image: Raster<Float32Array>,
  labels: L,
  { scale, top, left, flip }: Augmentation,
  options: AugmentationOptions = {},
): { image: Raster<Float32Array>; labels: L } {
  const { base, crop: size, profile } = { ...DEFAULTS, ...options };
  checkSameSize(image, labels);
  const side = Math.round(base * scale);
  const padded = Math.max(base, size);
  const resizing = profile === 'official' ? { step: [1 / scale, 1 / scale] as const } : {};
  const place = <T extends Raster>(raster: T, fill: number): T => {
    const part = crop(padCentred(raster, padded, padded, fill), top, left, size, size);
    return flip ? flipHorizontal(part) : part;
  };
  const void16 = labels.data instanceof Uint16Array ? 0xffff : IGNORE;
  return {
    image: place(resizeBilinear(resizeBilinear(image, base, base), side, side, resizing), 0),
    labels: place(resizeNearest(resizeNearest(labels, base, base), side, side, resizing), void16),
  };
}

/** Throws a {@link UserError} unless image and labels have the same size. */
export function checkSameSize(image: Raster, labels: Raster & { readonly id?: string }): void {
  if (image.height === labels.height && image.width === labels.width) return;
  throw new UserError({
    given: `${labels.id ? `${labels.id}: ` : ''}a mask of ${labels.height}x${labels.width} for an image of ${image.height}x${image.width}`,
    expected: 'a mask with the size of its image (height x width)',
  });
}

import { IGNORE, type RandomStream } from '@unseen/core';
import { checkSameSize } from './augmentation.ts';
import { gaussianBlur } from './blur.ts';
import { crop, flipHorizontal, padBottomRight } from './geometry.ts';
import type { Raster } from './raster.ts';
import { resizeBilinear, resizeNearest } from './resize.ts';

/** Settings of ZS3Net's training augmentation: flip → scale → pad → crop → blur (docs/methods/zs3net.md). */
export interface ShortSideOptions {
  /** Length of the shorter side before scaling. Default 312. */
  readonly base?: number;
  /** Side of the crop. Default 312. */
  readonly crop?: number;
  /** Range of the scale factor. Default 0.5 to 2. */
  readonly scale?: readonly [number, number];
  /** Probability of a flip. Default 0.5. */
  readonly flip?: number;
  /** Probability of a Gaussian blur with σ from [0, 1). Default 0.5. */
  readonly blur?: number;
}

/** The random choices of one augmentation. */
export interface ShortSideAugmentation {
  readonly flip: boolean;
  /** [height, width] to which the image is resized; its aspect ratio is kept. */
  readonly size: readonly [number, number];
  /** Position of the crop in the resized and padded image. */
  readonly top: number;
  readonly left: number;
  /** σ of the blur. */
  readonly sigma: number;
}

const DEFAULTS = { base: 312, crop: 312, scale: [0.5, 2], flip: 0.5, blur: 0.5 } as const;

/**
 * Draws the choices for an image: the shorter side uniformly among whole numbers, the crop uniformly over all
 * positions.
 */
export function drawShortSideAugmentation(
  random: RandomStream,
  { height, width }: { readonly height: number; readonly width: number },
  options: ShortSideOptions = {},
): ShortSideAugmentation {
  const { base, crop: side, scale, flip, blur } = { ...DEFAULTS, ...options };
  const isFlipped = random.uniform() < flip;
  const [least, most] = scale.map((factor) => Math.floor(base * factor));
  const short = least + random.integer(most - least + 1);
  const long = Math.floor((short * Math.max(height, width)) / Math.min(height, width));
  const size = height < width ? ([short, long] as const) : ([long, short] as const);
  const [top, left] = size.map((length) => random.integer(Math.max(length, side) - side + 1));
  const sigma = random.uniform() < blur ? random.uniform() : 0;
  return { flip: isFlipped, size, top, left, sigma };
}

/** Applies drawn choices to an image [height, width, 3] (0 … 255) and its labels; padding is black, and {@link IGNORE}. */
export function augmentShortSide<L extends Raster>(
  image: Raster,
  labels: L,
  { flip, size, top, left, sigma }: ShortSideAugmentation,
  { crop: side = DEFAULTS.crop }: Pick<ShortSideOptions, 'crop'> = {},
): { image: Raster<Float32Array>; labels: L } {
  checkSameSize(image, labels);
  const place = <T extends Raster>(raster: T, fill: number): T =>
    crop(padBottomRight(raster, side, side, fill), top, left, side, side);
  const turned = <T extends Raster>(raster: T): T => (flip ? flipHorizontal(raster) : raster);
  const void16 = labels.data instanceof Uint16Array ? 0xffff : IGNORE;
  return {
    image: gaussianBlur(place(resizeBilinear(turned(image), ...size), 0), sigma),
    labels: place(resizeNearest(turned(labels), ...size), void16),
  };
}

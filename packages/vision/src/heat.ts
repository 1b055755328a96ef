import type { RgbImage } from '@unseen/core';
import type { Color } from './palette.ts';
import type { Raster } from './raster.ts';

/** Viridis, from low to high: dark violet, blue, green, yellow, with evenly increasing lightness. */
export const HEAT_COLORS: readonly Color[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** Options of {@link heatPicture}. */
export interface HeatOptions {
  /** Values at the two ends of the colour map; values outside are clamped. */
  readonly range: readonly [low: number, high: number];
  /** An image of the same size, painted under the colours. */
  readonly image?: RgbImage;
  /** Opacity of the colours over the image, 0 … 1. */
  readonly opacity?: number;
}

/** A picture of values on a grid. NaN is black, or shows the image if there is one. */
export function heatPicture({ height, width, data }: Raster, options: HeatOptions): RgbImage {
  const { range, image, opacity = 0.6 } = options;
  const [low, high] = range;
  const out = image ? image.data.slice() : new Uint8Array(3 * height * width);
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i])) continue;
    const color = heatColor(high > low ? (data[i] - low) / (high - low) : 0.5);
    for (let c = 0; c < 3; c++) {
      const under = image ? image.data[3 * i + c] : color[c];
      out[3 * i + c] = Math.round(under * (1 - opacity) + color[c] * opacity);
    }
  }
  return { height, width, data: out };
}

/** The colour of a value from 0 to 1. */
export function heatColor(value: number): Color {
  const at = Math.min(1, Math.max(0, value)) * (HEAT_COLORS.length - 1);
  const below = Math.min(HEAT_COLORS.length - 2, Math.floor(at));
  const [a, b] = [HEAT_COLORS[below], HEAT_COLORS[below + 1]];
  const mix = (c: number) => Math.round(a[c] + (at - below) * (b[c] - a[c]));
  return [mix(0), mix(1), mix(2)];
}

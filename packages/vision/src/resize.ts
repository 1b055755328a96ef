import type { RgbImage } from '@unseen/core';
import { channelsOf, checkSize, emptyLike, type Raster, type RasterData } from './raster.ts';

/** Options of the resizing functions. */
export interface ResizeOptions {
  /**
   * Source pixels per destination pixel, [vertical, horizontal]. Default: source size / destination size. Resizing by a
   * factor s as OpenCV does (`fx`, `fy`) samples with 1/s, which differs if the size has been rounded.
   */
  readonly step?: readonly [number, number];
}

/**
 * Bilinear interpolation with half-pixel centres, repeated edges and no antialiasing, like OpenCV's INTER_LINEAR and
 * PyTorch's `interpolate(align_corners=False)`. 8-bit values become floats and are not rounded.
 */
export function resizeBilinear(source: Raster, height: number, width: number, options: ResizeOptions = {}) {
  checkSize(height, width);
  const channels = channelsOf(source);
  const [stepY, stepX] = options.step ?? [source.height / height, source.width / width];
  const rows = bilinearTaps(source.height, height, stepY);
  const columns = bilinearTaps(source.width, width, stepX);
  const rowLength = source.width * channels;
  const from = source.data;
  const data = new Float32Array(height * width * channels);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [rows.low[y] * rowLength, rows.high[y] * rowLength];
    const v = rows.weight[y];
    for (let x = 0; x < width; x++) {
      const [left, right] = [columns.low[x] * channels, columns.high[x] * channels];
      const u = columns.weight[x];
      for (let c = 0; c < channels; c++) {
        const above = from[top + left + c] * (1 - u) + from[top + right + c] * u;
        const below = from[bottom + left + c] * (1 - u) + from[bottom + right + c] * u;
        data[at++] = above * (1 - v) + below * v;
      }
    }
  }
  return { height, width, data };
}

/** {@link resizeBilinear} of an 8-bit image, rounded back to 8 bits. */
export function resizeRgb(image: RgbImage, height: number, width: number, options: ResizeOptions = {}): RgbImage {
  const { data } = resizeBilinear(image, height, width, options);
  // Interpolation stays within 0 … 255, so rounding needs no clamp.
  return { height, width, data: Uint8Array.from(data, Math.round) };
}

/**
 * Nearest neighbour by source = floor(destination · step), the rule of OpenCV and PyTorch for label maps. Other fields
 * of the raster, such as an id, are kept.
 */
export function resizeNearest<T extends Raster>(
  source: T,
  height: number,
  width: number,
  options: ResizeOptions = {},
): T {
  checkSize(height, width);
  const channels = channelsOf(source);
  const rows = nearestTaps(source.height, height, options.step?.[0]);
  const columns = nearestTaps(source.width, width, options.step?.[1]);
  const from: RasterData = source.data;
  const data = emptyLike(from, height * width * channels);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const row = rows[y] * source.width;
    for (let x = 0; x < width; x++) {
      const pixel = (row + columns[x]) * channels;
      for (let c = 0; c < channels; c++) data[at++] = from[pixel + c];
    }
  }
  return { ...source, height, width, data };
}

function bilinearTaps(size: number, outputs: number, step: number) {
  const low = new Int32Array(outputs);
  const high = new Int32Array(outputs);
  const weight = new Float64Array(outputs);
  for (let i = 0; i < outputs; i++) {
    const position = Math.min(Math.max((i + 0.5) * step - 0.5, 0), size - 1);
    low[i] = Math.floor(position);
    high[i] = Math.min(low[i] + 1, size - 1);
    weight[i] = position - low[i];
  }
  return { low, high, weight };
}

function nearestTaps(size: number, outputs: number, step: number | undefined): Int32Array {
  // Integer arithmetic does not round: 5 → 3 gives 0, 1, 3 on every platform.
  const position = step === undefined ? (i: number) => (i * size) / outputs : (i: number) => i * step;
  return Int32Array.from({ length: outputs }, (_, i) => Math.min(Math.floor(position(i)), size - 1));
}

import { UserError } from '@unseen/core';
import { channelsOf, checkSize, emptyLike, type Raster, type RasterData } from './raster.ts';

/**
 * Pads a raster to at least [height, width] with `fill` around it; if the margin is odd, the larger half is at the
 * bottom right.
 */
export function padCentred<T extends Raster>(source: T, height: number, width: number, fill: number): T {
  const top = Math.floor(Math.max(0, height - source.height) / 2);
  const left = Math.floor(Math.max(0, width - source.width) / 2);
  return padFrom(source, [height, width], [top, left], fill);
}

/** Pads a raster to at least [height, width] with `fill` below and to the right. */
export function padBottomRight<T extends Raster>(source: T, height: number, width: number, fill: number): T {
  return padFrom(source, [height, width], [0, 0], fill);
}

function padFrom<T extends Raster>(
  source: T,
  [height, width]: readonly [number, number],
  [top, left]: readonly [number, number],
  fill: number,
): T {
  if (source.height >= height && source.width >= width) return source;
  const channels = channelsOf(source);
  const tall = Math.max(source.height, height);
  const wide = Math.max(source.width, width);
  const from: RasterData = source.data;
  const data = emptyLike(from, tall * wide * channels).fill(fill);
  for (let y = 0; y < source.height; y++) {
    const row = from.subarray(y * source.width * channels, (y + 1) * source.width * channels);
    data.set(row, ((top + y) * wide + left) * channels);
  }
  return { ...source, height: tall, width: wide, data };
}

/** The part of a raster that starts at (top, left). It must be inside the raster; nothing is clamped. */
export function crop<T extends Raster>(source: T, top: number, left: number, height: number, width: number): T {
  checkSize(height, width);
  if (top < 0 || left < 0 || top + height > source.height || left + width > source.width) {
    throw new UserError({
      given: `a crop of ${height}x${width} at (${top}, ${left})`,
      expected: `a region inside ${source.height}x${source.width}`,
    });
  }
  const channels = channelsOf(source);
  const from: RasterData = source.data;
  const data = emptyLike(from, height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * source.width + left) * channels;
    data.set(from.subarray(start, start + width * channels), y * width * channels);
  }
  return { ...source, height, width, data };
}

/** Mirrors a raster left to right. */
export function flipHorizontal<T extends Raster>(source: T): T {
  const channels = channelsOf(source);
  const from: RasterData = source.data;
  const data = emptyLike(from, from.length);
  for (let y = 0; y < source.height; y++) {
    for (let x = 0; x < source.width; x++) {
      const to = (y * source.width + x) * channels;
      const back = (y * source.width + source.width - 1 - x) * channels;
      for (let c = 0; c < channels; c++) data[to + c] = from[back + c];
    }
  }
  return { ...source, data };
}

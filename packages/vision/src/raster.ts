import { UserError } from '@unseen/core';

/** A typed array that can hold the values of an image or a label map. */
export type RasterData = Uint8Array | Uint16Array | Int32Array | Float32Array;

/** Values on a grid, row by row, with interleaved channels: [height, width, channels]. */
export interface Raster<D extends RasterData = RasterData> {
  readonly height: number;
  readonly width: number;
  readonly data: D;
}

/**
 * Number of channels of a raster: 1 for label maps, 3 for images. Data that does not fill the grid is a {@link
 * UserError}.
 */
export function channelsOf({ height, width, data }: Raster): number {
  const channels = data.length / (height * width);
  if (!Number.isInteger(channels) || channels < 1) {
    throw new UserError({
      given: `${data.length} values for a ${height}x${width} grid`,
      expected: 'the same number of values for every pixel',
    });
  }
  return channels;
}

/** An empty array of the same kind. */
export function emptyLike<D extends RasterData>(data: D, length: number): D {
  return new (data.constructor as new (length: number) => D)(length);
}

/** Throws a {@link UserError} unless both sides are positive whole numbers. */
export function checkSize(height: number, width: number): void {
  if (Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0) return;
  throw new UserError({ given: `a size of ${height}x${width}`, expected: 'positive whole numbers' });
}

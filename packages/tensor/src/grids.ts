import type { ResizeConvention } from './ops.ts';

/**
 * Matrix [to, from], row-major, that resamples a line of `from` cells to `to` cells linearly. Positions outside the line
 * take the nearest cell, as PyTorch and OpenCV do.
 */
export function interpolationMatrix(from: number, to: number, convention: ResizeConvention): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre =
      convention === 'halfPixel'
        ? Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
        : to > 1
          ? (i * (from - 1)) / (to - 1)
          : 0;
    const below = Math.floor(centre);
    const above = Math.min(below + 1, from - 1);
    matrix[i * from + below] += 1 - (centre - below);
    matrix[i * from + above] += centre - below;
  }
  return matrix;
}

/** Source cell of each of `to` cells: floor(target · from / to). */
export function nearestIndices(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
}

/** Matrix [to, from], row-major, of {@link nearestIndices}: one 1 in each row. */
export function nearestMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  nearestIndices(from, to).forEach((source, i) => {
    matrix[i * from + source] = 1;
  });
  return matrix;
}

/** Number of cells in each window of a padded line that are not padding. */
export function windowCounts(
  length: number,
  size: number,
  stride: number,
  [before, after]: readonly [number, number],
): number[] {
  const windows = Math.floor((length + before + after - size) / stride) + 1;
  return Array.from({ length: windows }, (_, i) => {
    const begin = i * stride - before;
    return Math.min(begin + size, length) - Math.max(begin, 0);
  });
}

/** The factor [h', w'], row-major, that turns a window's sum into the mean over the cells that are not padding. */
export function averageFactors(
  [height, width]: readonly [number, number],
  { size, stride, padding: [top, bottom, left, right] }: { size: number; stride: number; padding: readonly number[] },
): Float32Array {
  const rows = windowCounts(height, size, stride, [top, bottom]);
  const columns = windowCounts(width, size, stride, [left, right]);
  return Float32Array.from(rows.flatMap((r) => columns.map((c) => 1 / (r * c))));
}

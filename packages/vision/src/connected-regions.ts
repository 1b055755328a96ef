import type { Raster } from './raster.ts';

/** Connected regions of equal labels in a label map. */
export interface ConnectedRegions {
  /** Region of each pixel, 0 … count - 1, in the order of their first pixels. */
  readonly regions: Int32Array;
  /** Pixels of each region. */
  readonly sizes: readonly number[];
}

/** Splits a label map into 4-connected regions of equal labels. */
export function connectedRegions({ height, width, data }: Raster): ConnectedRegions {
  const regions = new Int32Array(height * width).fill(-1);
  const sizes: number[] = [];
  const waiting: number[] = [];
  for (let first = 0; first < regions.length; first++) {
    if (regions[first] >= 0) continue;
    const region = sizes.length;
    let size = 0;
    const visit = (pixel: number) => {
      if (regions[pixel] >= 0 || data[pixel] !== data[first]) return;
      regions[pixel] = region;
      size++;
      waiting.push(pixel);
    };
    visit(first);
    for (let pixel = waiting.pop(); pixel !== undefined; pixel = waiting.pop()) {
      const x = pixel % width;
      if (x > 0) visit(pixel - 1);
      if (x < width - 1) visit(pixel + 1);
      if (pixel >= width) visit(pixel - width);
      if (pixel < (height - 1) * width) visit(pixel + width);
    }
    sizes.push(size);
  }
  return { regions, sizes };
}

import type { Ops } from '@unseen/tensor';

/** Scales at which DeepLab v2 sees an image besides its full size. */
export const MSC_SCALES: readonly number[] = [0.5, 0.75];

/**
 * What a network makes of images [n, h, w, c] at full size, then at each scale (Chen et al. 2018, §3.1): bilinearly
 * resized to ⌊scale · side⌋. {@link fuseMaximum} combines maps of these views.
 */
export function viewsAtScales<V, R>(
  ops: Ops<V>,
  images: V,
  network: (images: V) => R,
  scales: readonly number[] = MSC_SCALES,
): R[] {
  const [, height, width] = ops.shape(images);
  const resized = scales.map((scale) =>
    ops.resizeBilinear(images, [Math.floor(scale * height), Math.floor(scale * width)]),
  );
  return [images, ...resized].map(network);
}

/** Element-wise maximum of maps [n, h, w, c] after they were bilinearly resized to the grid of the first one. */
export function fuseMaximum<V>(ops: Ops<V>, maps: readonly V[]): V {
  const [, height, width] = ops.shape(maps[0]);
  return maps
    .map((map, scale) => (scale === 0 ? map : ops.resizeBilinear(map, [height, width])))
    .reduce((a, b) => ops.maximum(a, b));
}

/**
 * Fills a polygon [x0, y0, x1, y1, …] (pixels, the first one's centre at 0.5, 0.5) into a mask [height, width]: every pixel whose
 * centre is inside by the even-odd rule. The COCO API counts likewise, but rounds corners to a fifth of a pixel first, so
 * that pixels on the outline can differ from its masks.
 */
export function fillPolygon(mask: Uint8Array, height: number, width: number, polygon: readonly number[]): void {
  const corners = polygon.length / 2;
  const crossings: number[] = [];
  const ys = polygon.filter((_, i) => i % 2 === 1);
  const first = Math.max(0, Math.ceil(ys.reduce((least, y) => Math.min(least, y), Number.POSITIVE_INFINITY) - 0.5));
  const last = Math.min(
    height - 1,
    Math.floor(ys.reduce((most, y) => Math.max(most, y), Number.NEGATIVE_INFINITY) - 0.5),
  );
  for (let row = first; row <= last; row++) {
    const y = row + 0.5;
    crossings.length = 0;
    for (let i = 0, j = corners - 1; i < corners; j = i++) {
      const [x0, y0, x1, y1] = [polygon[2 * j], polygon[2 * j + 1], polygon[2 * i], polygon[2 * i + 1]];
      // Half open, so that a corner on the line counts once.
      if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
    }
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const left = Math.max(0, Math.ceil(crossings[k] - 0.5));
      const right = Math.min(width, Math.ceil(crossings[k + 1] - 0.5));
      if (right > left) mask.fill(1, row * width + left, row * width + right);
    }
  }
}

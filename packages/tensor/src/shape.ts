/** Sizes of a value's axes. Feature maps are [batch, height, width, channels]; rows of features are [rows, channels]. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Shape of an element-wise operation under NumPy's broadcasting rules; throws if the shapes do not fit. */
export function broadcastShape(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (m !== n && m !== 1 && n !== 1) throw new Error(`shapes [${a}] and [${b}] do not broadcast`);
    return Math.max(m, n) * Math.min(1, m, n);
  });
}

/** Zeros added around a map: [top, bottom, left, right]. */
export type Padding = readonly [number, number, number, number];

/** The padding that keeps the grid of a stride-1 convolution with an odd kernel. */
export function samePadding(kernel: number, dilation = 1): Padding {
  const p = ((kernel - 1) / 2) * dilation;
  return [p, p, p, p];
}

/** Length of an axis after a window operation (floor rule). */
export function windowOutput(size: number, kernel: number, stride: number, dilation: number, padding: number): number {
  return Math.floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

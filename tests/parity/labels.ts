import { resizeNearest } from '@unseen/vision';
import type { Tensor } from './fixture.ts';

/** What the authors' code takes for a label: every 8-bit value but 255. */
export const LABELS = 255;

/** Label maps [n, h, w] on another grid. */
export function resizeLabels(
  { shape, values }: Tensor<Int32Array>,
  grid: readonly [number, number],
): Tensor<Int32Array> {
  const [images, height, width] = shape;
  const plane = height * width;
  const resized = Array.from({ length: images }, (_, i) =>
    resizeNearest({ height, width, data: values.slice(i * plane, (i + 1) * plane) }, ...grid),
  );
  return { shape: [images, ...grid], values: Int32Array.from(resized.flatMap(({ data }) => [...data])) };
}

/** Share of the labelled positions whose highest logit [..., classes] is that of the label. */
export function accuracy(logits: Float32Array, labels: Int32Array): number {
  const classes = logits.length / labels.length;
  let hits = 0;
  let labelled = 0;
  labels.forEach((label, position) => {
    if (label === LABELS) return;
    const pixel = logits.subarray(position * classes, (position + 1) * classes);
    labelled++;
    if (pixel.indexOf(pixel.reduce((a, b) => Math.max(a, b))) === label) hits++;
  });
  return hits / labelled;
}

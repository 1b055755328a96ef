import type { LabelData, RgbImage } from '@unseen/core';
import { type Color, overlay, resizeNearest } from '@unseen/vision';
import type { ContextualRun } from './contextual-run.ts';

/** Colours of scales and clusters in order; far apart for every kind of colour vision, the first ones most. */
export const SERIES_COLORS: readonly Color[] = [
  [59, 125, 216],
  [240, 180, 40],
  [200, 50, 60],
  [63, 159, 107],
  [140, 107, 177],
  [42, 205, 215],
  [230, 120, 190],
  [120, 85, 50],
  [190, 215, 90],
  [90, 95, 105],
];

/** The image with the colours of its classes over it, as the networks see them: [h · w] channels of the feature grid. */
export function truthPicture(run: ContextualRun, labels: LabelData, photo: RgbImage): RgbImage {
  const [height, width] = run.extractor.grid;
  const colors = new Map(run.run.protocol.classes.map(({ color }, channel) => [channel, color]));
  const enlarged = resizeNearest({ id: '', height, width, data: labels }, photo.height, photo.width);
  return overlay(photo, enlarged, { colors });
}

/** The value below which that share of all values lies; 0 of none. A few odd ones do not decide over all colours. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
